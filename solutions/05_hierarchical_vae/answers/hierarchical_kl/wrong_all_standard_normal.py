# Every layer is compared with N(0, I).
def hierarchical_kl(
    model: torch.nn.Module, x: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    terms = [distributions.kl_to_standard_normal(*posterior) for posterior in model.encode(x)]
    return torch.stack(terms, dim=-1)
