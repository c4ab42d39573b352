# By broadcasting all layers in a list, with a named tuple.
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    from typing import NamedTuple

    class Gaussian(NamedTuple):
        mu: torch.Tensor
        log_sigma: torch.Tensor

    posteriors = [Gaussian(*pair) for pair in model.encode(x)]
    result = []
    for i, q in enumerate(posteriors):
        if i + 1 == len(posteriors):
            p = Gaussian(*model.prior(i + 1, None))
        else:
            above = posteriors[i + 1]
            eps = torch.empty_like(above.mu).normal_(generator=generator)
            p = Gaussian(*model.prior(i + 1, torch.addcmul(above.mu, above.log_sigma.exp(), eps)))
        square = (q.mu - p.mu).square() + (2 * q.log_sigma).exp()
        each = p.log_sigma - q.log_sigma + square / (2 * (2 * p.log_sigma).exp()) - 0.5
        result.append(each.sum(-1, keepdim=True))
    return torch.cat(result, -1)
