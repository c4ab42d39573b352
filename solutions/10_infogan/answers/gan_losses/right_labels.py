# One call for all images with weights.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    logits = torch.cat([real_logits, fake_logits])
    labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])
    n, m = len(real_logits), len(fake_logits)
    weight = torch.cat([torch.full_like(real_logits, 1 / n), torch.full_like(fake_logits, 1 / m)])
    d = F.binary_cross_entropy_with_logits(logits, labels, weight=weight, reduction="sum")
    return d, F.softplus(-fake_logits).sum() / m
