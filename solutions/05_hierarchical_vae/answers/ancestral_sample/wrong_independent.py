# Every layer is drawn from N(0, I): nobody asks the prior.
def ancestral_sample(model: torch.nn.Module, noise: list[torch.Tensor]) -> list[torch.Tensor]:
    return [eps.clone() for eps in noise]
