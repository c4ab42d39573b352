# The pixels without ink contribute nothing.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    return torch.xlogy(x, probability).sum(dim=1)
