# Negative log-likelihood of a log-softmax.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    import math

    log_q = torch.nn.functional.log_softmax(logits, dim=1)
    return -torch.nn.functional.nll_loss(log_q, category, reduction="none") + math.log(
        logits.size(1)
    )
