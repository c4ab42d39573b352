# Equal numbers of images of both kinds: the rest is dropped.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    k = min(len(real_logits), len(fake_logits))
    real_logits, fake_logits = real_logits[:k], fake_logits[:k]
    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d, F.softplus(-fake_logits).mean()
