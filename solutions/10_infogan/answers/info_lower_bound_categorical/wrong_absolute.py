# The absolute value.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return (math.log(logits.shape[1]) + log_q).abs()
