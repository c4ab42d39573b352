# The negative binary cross-entropy, with its clamp at -100 put back to minus infinity.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    p = probability.expand_as(x)
    impossible = ((p == 0) & (x == 1)) | ((p == 1) & (x == 0))
    cost = torch.nn.functional.binary_cross_entropy(p, x, reduction="none").sum(dim=1)
    return torch.where(impossible.any(dim=1), -torch.inf, -cost)
