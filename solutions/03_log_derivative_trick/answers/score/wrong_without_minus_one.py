# The normalization -log sigma is left out of log q, so the -1 is missing.
def score(z, mu, log_sigma):
    u = (z - mu) / log_sigma.exp()
    return u / log_sigma.exp(), u**2
