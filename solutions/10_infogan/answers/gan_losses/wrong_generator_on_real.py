# The generator's loss on real images. hint: the generator has no part in those
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d, F.softplus(-real_logits).mean()
