# Detached parameters by torch.func.functional_call, one call for the whole network's parts.
def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    from torch.func import functional_call

    def read(images, constant):
        features = images
        outputs = []
        for part in (model.trunk, model.critic, model.recognition):
            values = dict(part.named_parameters())
            if constant:
                values = {name: value.detach() for name, value in values.items()}
            outputs.append(functional_call(part, values, (features,)))
            features = outputs[0]
        _, logits, output = outputs
        information = model.information(model.posterior(output), latent)
        return logits[:, 0], weights[0] * information[0] + weights[1] * information[1]

    images = model.generate(latent)
    logits, information = read(images.detach(), constant=False)
    discriminator = adversarial.discriminator_loss(model.discriminate(x), logits) - information
    logits, information = read(images, constant=True)
    return discriminator, adversarial.generator_loss(logits) - information
