# One coordinate at a time, returned as a list.
def score(z, mu, log_sigma):
    mu, log_sigma = torch.broadcast_tensors(mu, log_sigma)
    first, second = torch.zeros_like(z), torch.zeros_like(z)
    for j in range(z.shape[-1]):
        u = (z[..., j] - mu[..., j]) / log_sigma[..., j].exp()
        first[..., j] = u / log_sigma[..., j].exp()
        second[..., j] = u * u - 1
    return [first, second]
