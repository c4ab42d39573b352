# A small constant inside the logarithm caps it.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_k = logits.new_tensor(logits.shape[-1]).log()
    q = logits.softmax(dim=-1)[torch.arange(len(category)), category]
    return log_k + (q + 1e-8).log()
