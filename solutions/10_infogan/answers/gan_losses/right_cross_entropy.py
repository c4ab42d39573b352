# Binary cross-entropies with logits.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    real, fake = torch.ones_like(real_logits), torch.zeros_like(fake_logits)
    discriminator = F.binary_cross_entropy_with_logits(real_logits, real)
    discriminator = discriminator + F.binary_cross_entropy_with_logits(fake_logits, fake)
    return discriminator, F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake))
