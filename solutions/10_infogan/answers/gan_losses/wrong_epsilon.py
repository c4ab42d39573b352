# A small constant inside the logarithms: no gradient where the discriminator is sure.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:

    discriminator = (
        -(real_logits.sigmoid() + 1e-8).log().mean()
        - (1 - fake_logits.sigmoid() + 1e-8).log().mean()
    )
    generator = -(fake_logits.sigmoid() + 1e-8).log().mean()
    return discriminator, generator
