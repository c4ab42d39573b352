# Labels of real images are smoothed to 0.9.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = (
        0.9 * F.softplus(-real_logits).mean()
        + 0.1 * F.softplus(real_logits).mean()
        + F.softplus(fake_logits).mean()
    )
    return d, F.softplus(-fake_logits).mean()
