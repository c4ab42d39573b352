# Losses above 100 are clamped.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d.clamp(max=100), F.softplus(-fake_logits).mean().clamp(max=100)
