# Sums over the batches. hint: sums over the batches
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()
    generator = F.softplus(-fake_logits).sum()
    return discriminator, generator
