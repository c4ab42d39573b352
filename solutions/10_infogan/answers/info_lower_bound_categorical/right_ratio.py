# The logarithm of q over the prior, by logarithms of differences of logits.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    differences = logits - logits.gather(1, category[:, None])
    return -(torch.logsumexp(differences, dim=1) - math.log(logits.shape[1]))
