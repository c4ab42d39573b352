# The entropy of the code is dropped. hint: log q(c|x) without H(c)
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return log_q
