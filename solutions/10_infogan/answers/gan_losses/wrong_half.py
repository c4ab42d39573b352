# Half of the discriminator's loss: the mean of the two expectations. hint: the mean of the two expectations
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = 0.5 * (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())
    generator = F.softplus(-fake_logits).mean()
    return discriminator, generator
