# Forgets the square in the gradient in log sigma.
def score(z, mu, log_sigma):
    u = (z - mu) / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), u - 1
