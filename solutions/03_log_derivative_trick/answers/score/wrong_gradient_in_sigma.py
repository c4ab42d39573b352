# The gradient in sigma; the parameter is log sigma, which takes a factor sigma.
def score(z, mu, log_sigma):
    sigma = log_sigma.exp()
    u = (z - mu) / sigma
    return u / sigma, (u**2 - 1) / sigma
