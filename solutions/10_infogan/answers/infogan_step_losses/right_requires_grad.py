# The discriminator's parameters require no gradient while the generator's loss is built.
def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    images = model.generate(latent)
    theirs = [
        *model.trunk.parameters(),
        *model.critic.parameters(),
        *model.recognition.parameters(),
    ]

    def information(seen):
        discrete, continuous = model.information(model.encode(seen), latent)
        return weights[0] * discrete + weights[1] * continuous

    constant = images.detach()
    first = adversarial.discriminator_loss(model.discriminate(x), model.discriminate(constant))
    first = first - information(constant)
    for parameter in theirs:
        parameter.requires_grad_(False)
    second = adversarial.generator_loss(model.discriminate(images)) - information(images)
    for parameter in theirs:
        parameter.requires_grad_(True)
    return first, second
