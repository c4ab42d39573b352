# The logarithm of a sigmoid that has rounded to zero.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:

    discriminator = -real_logits.sigmoid().log().mean() - (1 - fake_logits.sigmoid()).log().mean()
    generator = -fake_logits.sigmoid().log().mean()
    return discriminator, generator
