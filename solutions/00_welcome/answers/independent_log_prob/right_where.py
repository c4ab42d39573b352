# The factor that the exponent selects, then a sum of logarithms.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    chosen = torch.where(x > 0.5, probability, 1 - probability)
    return chosen.log().sum(dim=-1)
