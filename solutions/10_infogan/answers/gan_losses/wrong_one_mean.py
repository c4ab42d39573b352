# One mean over real and generated images together. hint: one mean over all images
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()
    generator = F.softplus(-fake_logits).mean()
    return discriminator, generator
