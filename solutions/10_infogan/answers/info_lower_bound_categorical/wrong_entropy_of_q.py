# The entropy of q in the place of that of the prior.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1) + log_q
