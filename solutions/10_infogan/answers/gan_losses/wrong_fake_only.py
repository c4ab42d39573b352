# Only the term of the generated images. hint: only the term of the generated images
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    return F.softplus(fake_logits).mean(), F.softplus(-fake_logits).mean()
