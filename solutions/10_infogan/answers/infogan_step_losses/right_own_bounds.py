# The bounds row by row from Exercises 10.2 and 10.3, and two passes of the generator.
from dgm_helpers.layers.frozen import frozen


def infogan_step_losses(
    model: torch.nn.Module, x: torch.Tensor, latent: torch.Tensor, weights: tuple = (1.0, 0.1)
) -> tuple[torch.Tensor, torch.Tensor]:
    _, codes = model.layout.split(latent)

    def bound(q):
        total = weights[1] * mutual_information.info_lower_bound_continuous(
            q.mu, q.log_sigma, codes.continuous
        )
        for j, logits in enumerate(q.logits):
            own = mutual_information.info_lower_bound_categorical(logits, codes.categories[:, j])
            total = total + weights[0] * own
        return total.mean()

    with torch.no_grad():
        images = model.generate(latent)
    features = model.trunk(images)
    first = adversarial.discriminator_loss(model.discriminate(x), model.critic(features)[:, 0])
    first = first - bound(model.posterior(model.recognition(features)))
    features = frozen(model.trunk)(model.generate(latent))
    second = adversarial.generator_loss(frozen(model.critic)(features)[:, 0])
    return first, second - bound(model.posterior(frozen(model.recognition)(features)))
