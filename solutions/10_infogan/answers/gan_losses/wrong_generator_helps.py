# The generator minimizes -log(1 - D): it helps the discriminator. hint: the generator helps the discriminator
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    generator = F.softplus(fake_logits).mean()
    return discriminator, generator
