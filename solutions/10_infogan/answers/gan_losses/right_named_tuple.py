# A named tuple, made in the function.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    from collections import namedtuple
    from torch.nn import functional as F

    losses = namedtuple("losses", "discriminator generator")
    discriminator = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return losses(discriminator, F.softplus(-fake_logits).mean())
