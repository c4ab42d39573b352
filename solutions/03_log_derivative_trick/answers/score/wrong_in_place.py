# Subtracts the mean in place, so that z is changed. hint: in-place
def score(z, mu, log_sigma):
    z -= mu
    u = z / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), u**2 - 1
