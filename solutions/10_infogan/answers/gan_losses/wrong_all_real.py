# Both kinds of images are labeled as real. hint: both kinds of images labeled as real
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    return F.softplus(-real_logits).mean() + F.softplus(-fake_logits).mean(), F.softplus(
        -fake_logits
    ).mean()
