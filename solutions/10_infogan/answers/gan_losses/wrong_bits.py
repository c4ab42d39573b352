# Bits.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    import math
    from torch.nn import functional as F

    d = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return d / math.log(2), F.softplus(-fake_logits).mean() / math.log(2)
