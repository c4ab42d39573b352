# The logits are changed in place. hint: work on a copy
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    with torch.no_grad():
        logits -= logits.amax(dim=1, keepdim=True)
    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return math.log(logits.shape[1]) + log_q
