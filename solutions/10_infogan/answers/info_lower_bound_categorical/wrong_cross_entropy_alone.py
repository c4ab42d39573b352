# Only the cross-entropy. hint: only the cross-entropy
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:

    return torch.nn.functional.cross_entropy(logits, category, reduction="none")
