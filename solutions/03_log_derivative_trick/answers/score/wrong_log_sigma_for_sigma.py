# Uses log sigma as sigma. hint: log σ used as σ
def score(z, mu, log_sigma):
    standardized = (z - mu) / log_sigma
    return standardized / log_sigma, standardized**2 - 1
