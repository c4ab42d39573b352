# The generator plays against a copy of the discriminator whose parameters require no gradient.
def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    import copy

    images = model.generate(latent)
    opponent = copy.deepcopy(model).requires_grad_(False)
    losses = []
    for player, shown in ((model, images.detach()), (opponent, images)):
        discrete, continuous = model.information(player.encode(shown), latent)
        losses.append(-weights[0] * discrete - weights[1] * continuous)
    first = adversarial.discriminator_loss(
        model.discriminate(x), model.discriminate(images.detach())
    )
    second = adversarial.generator_loss(opponent.discriminate(images))
    return first + losses[0], second + losses[1]
