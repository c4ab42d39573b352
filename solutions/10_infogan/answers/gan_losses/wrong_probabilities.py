# The logits are taken for probabilities.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:

    real, fake = (logits.clamp(1e-6, 1 - 1e-6) for logits in (real_logits, fake_logits))
    return -real.log().mean() - (1 - fake).log().mean(), -fake.log().mean()
