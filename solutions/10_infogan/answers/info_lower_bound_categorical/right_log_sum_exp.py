# The logit less the log-sum-exp.
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    own = logits.gather(1, category.unsqueeze(1)).squeeze(1)
    values = torch.full_like(own, logits.shape[1])
    return own - logits.logsumexp(dim=1) + values.log()
