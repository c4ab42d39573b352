# The generator's loss has no gradient.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d, F.softplus(-fake_logits).mean().detach()
