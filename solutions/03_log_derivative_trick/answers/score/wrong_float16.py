# Computes in half precision.
def score(z, mu, log_sigma):
    z, mu, log_sigma = z.half(), mu.half(), log_sigma.half()
    u = (z - mu) / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), u**2 - 1
