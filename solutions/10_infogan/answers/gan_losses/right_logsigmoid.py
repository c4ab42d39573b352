# Logarithms of sigmoids.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.nn import functional as F

    discriminator = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    return discriminator, -F.logsigmoid(fake_logits).mean()
