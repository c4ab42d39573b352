# The gradient in log sigma squared. hint: the gradient in log σ²: the parameter is log σ
def score(z, mu, log_sigma):
    u = (z - mu) / torch.exp(log_sigma)
    return u / torch.exp(log_sigma), (u**2 - 1) / 2
