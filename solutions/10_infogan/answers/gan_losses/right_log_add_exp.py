# log(1 + exp(a)) by logaddexp.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:

    zero_real, zero_fake = torch.zeros_like(real_logits), torch.zeros_like(fake_logits)
    discriminator = torch.logaddexp(zero_real, -real_logits).mean()
    discriminator = discriminator + torch.logaddexp(zero_fake, fake_logits).mean()
    return discriminator, torch.logaddexp(zero_fake, -fake_logits).mean()
