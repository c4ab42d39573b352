# Multiplies by the variance instead of dividing. hint: a product with σ²: divide by it
def score(z, mu, log_sigma):
    variance = torch.exp(2 * log_sigma)
    return (z - mu) * variance, (z - mu) ** 2 / variance - 1
