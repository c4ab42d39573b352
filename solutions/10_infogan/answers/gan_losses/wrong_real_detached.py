# The discriminator's loss has no gradient with respect to the logits of real images.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = F.softplus(-real_logits.detach()).mean() + F.softplus(fake_logits).mean()
    return d, F.softplus(-fake_logits).mean()
