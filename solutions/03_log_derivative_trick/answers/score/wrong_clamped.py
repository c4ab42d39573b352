# Clamps log sigma at -2 and 2.
def score(z, mu, log_sigma):
    log_sigma = log_sigma.clamp(-2, 2)
    u = (z - mu) / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), u**2 - 1
