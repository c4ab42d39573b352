# Computes in float32.
def score(z, mu, log_sigma):
    z, mu, log_sigma = z.float(), mu.float(), log_sigma.float()
    u = (z - mu) / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), u**2 - 1
