"""VAE and ConvVAE with both likelihoods: the same properties of each, so that a new model is tested by adding it."""

from itertools import pairwise

import pytest
import torch

from dgm_helpers import checks, data
from dgm_helpers.models.beta_vae import BetaVAE
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.models.vae import PRESETS, VAE, ConvVAE
from dgm_helpers.objectives.distributions import gaussian_log_prob, kl_to_standard_normal
from dgm_helpers.training import registry

MODELS = {
    "mlp bernoulli": (VAE, {"data_dim": 64, "latent_dim": 3, "hidden": (20,)}),
    "mlp gaussian": (VAE, {"data_dim": 64, "latent_dim": 3, "hidden": (20, 10), "likelihood": "gaussian"}),
    "linear": (VAE, {"data_dim": 64, "latent_dim": 3, "hidden": ()}),
    "conv bernoulli": (ConvVAE, {"image_size": 8, "channels": (4, 6), "latent_dim": 3}),
    "conv gaussian": (
        ConvVAE,
        {"image_size": 8, "channels": (4, 6), "latent_dim": 3, "likelihood": "gaussian"},
    ),
}
IMAGES = data.load("digits").train


@pytest.fixture(params=MODELS)
def model(request):
    torch.manual_seed(0)
    kind, config = MODELS[request.param]
    model = kind(**config).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # no bias is zero, no q(z|x) standard normal
    return model


@pytest.fixture
def x():
    return IMAGES[:6].double()


class Shifted(torch.nn.Module):
    """A prior that is not N(0, I), to see that it is used: N(shift, I)."""

    def __init__(self, shift: float):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.tensor([shift]).double())

    def log_prob(self, z):
        return gaussian_log_prob(z, self.shift.expand(z.shape[-1]), torch.zeros(z.shape[-1]).to(z))

    def sample(self, n, generator=None):
        return self.shift + torch.randn(n, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("batch", [1, 6])
def test_shapes(model, x, batch, generator):
    x = x[:batch]
    mu, log_sigma = model.encode(x)
    assert mu.shape == log_sigma.shape == (batch, 3)
    assert model.decode(mu).shape == (batch, 64)
    assert model.log_likelihood(x, mu).shape == (batch,)
    assert model.log_likelihood(x, mu.expand(5, batch, 3)).shape == (5, batch)
    assert model.bound(x, 4, generator).shape == (batch,)
    assert model.reconstruct(x).shape == x.shape
    assert model.sample(7, generator).shape == (7, 64)


def test_one_latent_alone_is_decoded_like_a_batch_of_one(model):
    z = torch.randn(3, dtype=torch.float64)
    torch.testing.assert_close(model.decode(z), model.decode(z[None])[0])
    assert model.decode(torch.zeros(2, 5, 3).double()).shape == (2, 5, 64)


def test_images_and_vectors_are_the_same_data(model, x):
    torch.testing.assert_close(model.encode(x)[0], model.encode(x.flatten(1))[0])
    assert model.reconstruct(x.flatten(1)).shape == (6, 64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_stays_in_the_models_dtype(model, x, dtype):
    model, x = model.to(dtype), x.to(dtype)
    results = [*model.loss(x).values(), model.bound(x, 2), model.sample(2), model.reconstruct(x)]
    assert all(result.dtype == dtype and torch.isfinite(result).all() for result in results)


def test_loss_is_one_number_a_term_and_their_difference(model, x, generator):
    terms = model.loss(x, generator)
    assert set(terms) == {"loss", "reconstruction", "kl"}
    assert all(term.shape == () for term in terms.values())
    torch.testing.assert_close(terms["loss"], terms["kl"] - terms["reconstruction"])
    torch.testing.assert_close(terms["kl"], kl_to_standard_normal(*model.encode(x)).mean())


def repeated(model, x, times):
    return x.repeat(times, *[1] * (x.ndim - 1))


@torch.no_grad()
def test_the_bound_with_one_sample_estimates_minus_the_loss(model, x, generator):
    # 1,000 repetitions of each in one pass: the mean over a batch that holds every image 1,000 times.
    bounds = model.bound(repeated(model, x, 1000), 1, generator).view(1000, 6).mean(dim=1)
    terms = [model.loss(repeated(model, x, 10), generator) for _ in range(100)]
    losses = torch.stack([term["loss"] for term in terms])
    # Two independent sets of estimates: their difference, paired at random, has mean zero.
    checks.mean_equals("bound + loss", bounds.view(100, 10).mean(dim=1) + losses, 0.0)


@torch.no_grad()
def test_the_reconstruction_term_is_the_expected_log_likelihood(model, x, generator):
    mu, log_sigma = model.encode(x)
    noise = torch.randn(4000, 6, 3, generator=generator, dtype=torch.float64)
    expected = model.log_likelihood(x, mu + log_sigma.exp() * noise).mean(dim=1)
    terms = torch.stack([model.loss(x, generator)["reconstruction"] for _ in range(100)])
    checks.mean_equals("reconstruction", expected.view(100, 40).mean(dim=1) - terms, 0.0)


@torch.no_grad()
def test_the_log_likelihood_is_a_density_of_the_decoders_output(model, x):
    z = torch.randn(6, 3, dtype=torch.float64)
    output = model.decode(z)
    if model.log_noise is None:
        distribution = torch.distributions.ContinuousBernoulli(logits=output)
        expected = distribution.log_prob(x.flatten(1)) - distribution._cont_bern_log_norm()
    else:
        expected = torch.distributions.Normal(output, model.log_noise.exp()).log_prob(x.flatten(1))
    torch.testing.assert_close(model.log_likelihood(x, z), expected.sum(dim=-1), rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_the_bound_grows_with_the_samples(model, x, generator):
    # Burda et al., theorem 1: L_1 <= L_4 <= L_16; the repetitions are independent, the test one-sided at 1e-6.
    model.encoder[-1].bias.add_(0.5)  # an encoder that is wrong enough for the difference to be seen
    bounds = {
        k: model.bound(repeated(model, x, 400), k, generator).view(400, 6).mean(dim=1) for k in (1, 4, 16)
    }
    for fewer, more in ((1, 4), (4, 16)):
        gain = bounds[more] - bounds[fewer]
        assert gain.mean() > 4.8 * gain.std() / 400**0.5


@torch.no_grad()
def test_the_bound_is_the_log_of_the_mean_weight(model, x):
    # From the same noise, by the definition, with the weights of all samples in view.
    noise = torch.Generator().manual_seed(1)
    mu, log_sigma = model.encode(x)
    z = mu + log_sigma.exp() * torch.randn(3, 6, 3, generator=noise, dtype=torch.float64)
    normal = torch.distributions.Normal
    log_weights = model.log_likelihood(x, z) + normal(0, 1).log_prob(z).sum(dim=-1)
    log_weights -= normal(mu, log_sigma.exp()).log_prob(z).sum(dim=-1)
    expected = torch.log(torch.exp(log_weights - log_weights.amax(dim=0)).mean(dim=0)) + log_weights.amax(
        dim=0
    )
    bound = model.bound(x, 3, torch.Generator().manual_seed(1))
    torch.testing.assert_close(bound, expected, rtol=1e-12, atol=1e-12)


def test_gradients_reach_every_parameter(model, x, generator):
    model.loss(x, generator)["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_the_same_seed_gives_the_same_loss(model, x):
    def terms(seed):
        return model.loss(x, torch.Generator().manual_seed(seed))["loss"].item()

    assert terms(1) == terms(1) != terms(2)
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    assert torch.equal(model.bound(x, 3, one), model.bound(x, 3, other))
    assert torch.equal(model.sample(3, one), model.sample(3, other))


def test_one_step_under_bfloat16_autocast_keeps_densities_in_float32(model, x, generator):
    model, x = model.float(), x.float()
    with torch.autocast("cpu", torch.bfloat16):
        assert model.decoder(torch.zeros(2, 3)).dtype == torch.bfloat16
        terms, bound = model.loss(x, generator), model.bound(x, 3, generator)
    assert bound.dtype == torch.float32 and {term.dtype for term in terms.values()} == {torch.float32}
    terms["loss"].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


@pytest.mark.parametrize("name", ["mlp bernoulli", "conv gaussian"])
def test_a_model_overfits_sixteen_images(name):
    from dgm_helpers.training import fit

    torch.manual_seed(0)
    kind, config = MODELS[name]
    wider = {"channels": (8, 16)} if kind is ConvVAE else {"hidden": (60,)}
    model = kind(**{**config, **wider, "latent_dim": 8})
    images = IMAGES[:16].round()
    history = fit(model, images, steps=150, batch_size=16, learning_rate=2e-2)
    assert history["loss"][-1] < history["loss"][0]
    # Of the decoder's pictures nine pixels in ten are on the right side: the images are told apart.
    right = (model.reconstruct(images).round() == images).double().mean()
    assert right > 0.9


def test_another_prior_is_used_in_loss_bound_and_samples(x, generator):
    torch.manual_seed(0)
    model = VAE(data_dim=64, latent_dim=3, hidden=(20,), prior=Shifted(0.0)).double()
    twin = VAE(data_dim=64, latent_dim=3, hidden=(20,)).double()
    twin.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("prior")})
    with torch.no_grad():
        # At shift 0 both priors are one; the one in closed form, the other estimated from samples.
        kl = torch.stack([model.loss(x, generator)["kl"] for _ in range(2000)])
        checks.mean_equals("KL", kl, twin.loss(x)["kl"])
        same = [torch.Generator().manual_seed(1) for _ in range(2)]
        torch.testing.assert_close(model.bound(x, 2, same[0]), twin.bound(x, 2, same[1]))
        model.prior.shift.fill_(3.0)
        kl = torch.stack([model.loss(x, generator)["kl"] for _ in range(100)])
        mu, log_sigma = model.encode(x)
        checks.mean_equals("KL", kl, kl_to_standard_normal(mu - 3, log_sigma).mean())
    model.loss(x, generator)["loss"].backward()
    assert model.prior.shift.grad.abs().sum() > 0


@torch.no_grad()
def test_pictures_are_the_mean_of_the_decoders_distribution(model, x):
    z = torch.randn(2, 3, dtype=torch.float64)
    picture = model.mean_image(z)
    expected = model.decode(z).sigmoid() if model.log_noise is None else model.decode(z)
    assert torch.equal(picture, expected)
    assert torch.equal(model.reconstruct(x).flatten(1), model.mean_image(model.encode(x)[0]))
    drawn = model.prior.sample(4, torch.Generator().manual_seed(1))
    assert torch.equal(model.sample(4, torch.Generator().manual_seed(1)), model.mean_image(drawn))


def test_the_config_rebuilds_the_model(model, x):
    again = type(model)(**model.config).double()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.reconstruct(x), model.reconstruct(x))


@pytest.mark.parametrize("kind", [VAE, ConvVAE])
def test_an_unknown_likelihood_is_told_with_the_known_ones(kind):
    with pytest.raises(ValueError, match=r"^likelihood must be one of bernoulli, gaussian; got 'poisson'$"):
        kind(likelihood="poisson")


def test_an_image_size_that_two_strides_do_not_divide_is_told():
    with pytest.raises(
        ValueError, match=r"^the image size must be a multiple of 4 for 2 strides of 2, got 30$"
    ):
        ConvVAE(image_size=30)


def test_data_of_another_size_are_told(model):
    with pytest.raises(ValueError, match=r"^this model takes 64 numbers per data point, got 784$"):
        model.encode(torch.zeros(2, 1, 28, 28).double())


@pytest.mark.parametrize("samples", [0, -1])
def test_a_bound_without_samples_is_told(model, x, samples):
    with pytest.raises(
        ValueError, match=f"^the number of importance samples must be at least 1, got {samples}$"
    ):
        model.bound(x, samples)


def test_color_images(generator):
    model = ConvVAE(image_size=8, image_channels=3, channels=(4, 6), latent_dim=2)
    x = torch.rand(2, 3, 8, 8, generator=generator)
    assert model.reconstruct(x).shape == x.shape and model.sample(2).shape == (2, 192)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_build_a_model_of_mnist(name):
    model = registry.find("vae", name).build()
    assert model.reconstruct(torch.rand(2, 1, 28, 28)).shape == (2, 1, 28, 28)


def test_the_standard_normal_prior(generator):
    prior = StandardNormal(latent_dim=3).double()
    z = prior.sample(20_000, generator)
    assert z.dtype == torch.float64
    checks.mean_equals("mean", z, torch.zeros(3))
    checks.mean_equals("square", z**2, torch.ones(3))
    expected = torch.distributions.Normal(0, 1).log_prob(z).sum(dim=-1)
    torch.testing.assert_close(prior.log_prob(z), expected)
    assert StandardNormal(**prior.config).zeros.shape == (3,) and not list(prior.parameters())


@torch.no_grad()
def copy_linear(exact, model):
    """Give a VAE of linear layers the parameters of a LinearVAE, of which all is known."""
    encoder, decoder = model.encoder[-1], model.decoder[0]
    encoder.weight.copy_(torch.cat([exact.encoder_weight, torch.zeros(2, 4)]))
    encoder.bias.copy_(torch.cat([exact.encoder_bias, exact.encoder_log_sigma]))
    decoder.weight.copy_(exact.weight)
    decoder.bias.copy_(exact.bias)
    model.log_noise.copy_(exact.log_noise)


LINEAR = {
    "vae": lambda: VAE(data_dim=4, latent_dim=2, hidden=(), likelihood="gaussian"),
    "beta": lambda: BetaVAE(image_size=2, maps=(), hidden=(), latent_dim=2, likelihood="gaussian", beta=1.0),
}


@pytest.mark.parametrize("name", LINEAR)
def test_loss_bound_and_gradients_of_a_linear_model_have_the_exact_means(name, generator):
    """Against closed forms, by z-tests with a false-alarm rate of 1e-6."""
    exact = LinearVAE(data_dim=4, latent_dim=2).double().reset(torch.Generator().manual_seed(1))
    model, x = LINEAR[name]().double(), exact.sample(3, generator).detach()
    copy_linear(exact, model)
    losses, gradients = [], []
    encoder, decoder = model.encoder[-1], model.decoder[0]
    for _ in range(200):
        loss = model.loss(x.repeat(50, 1), generator)["loss"]
        parts = torch.autograd.grad(loss, (encoder.weight, encoder.bias, decoder.weight))
        gradients.append(torch.cat([part.flatten() for part in (parts[0][:2], *parts[1:])]))
        losses.append(loss.detach())
    elbo = exact.elbo(x).mean()
    checks.mean_equals("loss", torch.stack(losses), -elbo.detach())
    of = (exact.encoder_weight, exact.encoder_bias, exact.encoder_log_sigma, exact.weight)
    expected = torch.cat([-g.flatten() for g in torch.autograd.grad(elbo, of)])
    checks.mean_equals("gradient", torch.stack(gradients), expected)
    copy_linear(exact.set_best_encoder(), model)  # of another one the weights would have heavy tails
    weights = (model.bound(x.repeat(2000, 1), 2, generator).view(2000, 3) - exact.log_prob(x)).exp()
    checks.mean_equals("p(x)", weights.detach(), torch.ones(3))


def test_perceptrons_have_tanh_units_and_the_decoder_mirrors_the_encoder():
    model = VAE(data_dim=64, latent_dim=3, hidden=(20, 10))
    for network, sizes in ((model.encoder, [64, 20, 10, 6]), (model.decoder, [3, 10, 20, 64])):
        assert [type(layer).__name__ for layer in network] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
        found = [(layer.in_features, layer.out_features) for layer in network[::2]]
        assert found == list(pairwise(sizes))
