# The generator's loss is a mean over both kinds of images. hint: one mean over both kinds of images
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d, F.softplus(-torch.cat([real_logits, fake_logits])).mean()
