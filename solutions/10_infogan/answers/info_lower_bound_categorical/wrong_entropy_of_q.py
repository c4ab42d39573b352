# The entropy of q instead of the prior's. hint: the entropy of q instead of H(c)
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1) + log_q
