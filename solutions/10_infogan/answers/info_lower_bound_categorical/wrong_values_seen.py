# The number of values is the number of different codes in the batch.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return math.log(len(category.unique())) + log_q
