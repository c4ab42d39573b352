# The generator's loss is minus the discriminator's. hint: minus the discriminator's loss
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    generator = -discriminator
    return discriminator, generator
