# The normalizer is detached: the gradient is one-hot, not one-hot minus softmax.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    own = logits[torch.arange(len(category)), category]
    return math.log(logits.shape[1]) + own - logits.logsumexp(dim=1).detach()
