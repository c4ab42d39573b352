# One number per image.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    k = min(len(real_logits), len(fake_logits))
    return F.softplus(-real_logits[:k]) + F.softplus(fake_logits[:k]), F.softplus(-fake_logits)
