"""IWAE and its VAE, with one stochastic layer and with two: the bound, its terms, and what the paper starts from."""

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from dgm_helpers import checks, data
from dgm_helpers.data import binarize
from dgm_helpers.models.iwae import IWAE, PRESETS
from dgm_helpers.objectives.importance_weighting import iwae_bound, normalized_weights
from dgm_helpers.training import fit

CONFIGS = {
    "one layer": {"hidden": ((20, 10),), "latent_dims": (3,)},
    "two layers": {"hidden": ((20,), (9, 8)), "latent_dims": (4, 3)},
    "three layers": {"hidden": ((20,), (7,), (6,)), "latent_dims": (4, 3, 2)},
}
DIGITS = data.load("digits").train


def built(name, data_dim=64, **options):
    torch.manual_seed(0)
    model = IWAE(**{"data_dim": data_dim, "samples": 5, **CONFIGS[name], **options}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))  # no bias is zero
    return model


@pytest.fixture(params=CONFIGS)
def model(request):
    return built(request.param)


@pytest.fixture
def x():
    return DIGITS[:6].double().round()


def test_shapes(model, x, generator):
    mu, log_sigma = model.encode(x)
    assert mu.shape == log_sigma.shape == (6, model.config["latent_dims"][0])
    assert model.importance_sampler(x)(7, generator).shape == (7, 6)
    assert model.bound(x, 4, generator).shape == (6,)
    assert model.reconstruct(x).shape == x.shape
    assert model.sample(7, generator).shape == (7, 64)
    means = model.layer_means(x, 4, generator)
    assert [layer.shape for layer in means] == [(6, d) for d in model.config["latent_dims"]]
    assert torch.equal(means[0], mu)


@torch.no_grad()
def test_means_of_higher_layers_are_averaged_over_the_samples(x, generator):
    # The variance of a mean of 25 samples is a 25th; 500 repetitions of each tell that within a third.
    model, many = built("two layers"), x[:1].repeat(500, 1, 1, 1)
    one, more = (model.layer_means(many, samples, generator)[1].var(dim=0) for samples in (1, 25))
    assert (one / more > 15).all() and (one / more < 40).all()


def replay(model, x, samples, seed):
    """Each sample's log p(x|z_1) and log p(z) - log q(z|x), by torch.distributions, from the noise of that seed."""
    noise = torch.Generator().manual_seed(seed)

    def normal(network, below):
        mean, log_sigma = network(below).chunk(2, dim=-1)
        return Normal(mean, log_sigma.exp())

    q, z, log_q = normal(model.encoder, x.flatten(1)), [], 0.0
    for encoder in [*model.inner_encoders, None]:
        mean, scale = (p.expand(samples, *p.shape[-2:]) for p in (q.mean, q.stddev))
        z.append(mean + scale * torch.randn(mean.shape, generator=noise, dtype=mean.dtype))
        log_q = log_q + q.log_prob(z[-1]).sum(-1)
        q = normal(encoder, z[-1]) if encoder is not None else q
    log_p = Normal(0.0, 1.0).log_prob(z[-1]).sum(-1)
    for decoder, below, above in zip(model.inner_decoders, z, z[1:], strict=False):
        log_p = log_p + normal(decoder, above).log_prob(below).sum(-1)
    log_likelihood = Bernoulli(logits=model.decoder(z[0])).log_prob(x.flatten(1)).sum(-1)
    return log_likelihood, log_p - log_q


@pytest.mark.parametrize("objective", ["iwae", "vae"])
@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_is_the_bound_of_the_definition(name, objective, x):
    model = built(name, objective=objective)
    terms = model.loss(x, torch.Generator().manual_seed(1))
    log_likelihood, log_ratio = replay(model, x, 5, seed=1)
    log_weights = log_likelihood + log_ratio
    bound = log_weights.exp().mean(dim=0).log() if objective == "iwae" else log_weights.mean(dim=0)
    torch.testing.assert_close(terms["loss"], -bound.mean())
    torch.testing.assert_close(terms["reconstruction"], log_likelihood.mean())
    torch.testing.assert_close(terms["kl"], -log_ratio.mean())
    sampler = model.importance_sampler(x)
    torch.testing.assert_close(sampler(5, torch.Generator().manual_seed(1)), log_weights)
    expected = model.bound(x, 5, torch.Generator().manual_seed(1))
    torch.testing.assert_close(expected, iwae_bound(log_weights))


def test_the_reported_loss_is_a_bound_and_its_gradient_that_of_normalized_weights(model, x):
    # The sum of w log w with fixed normalized weights w has the same gradient, and is no bound: up to log K too good.
    parameters = list(model.parameters())
    loss = model.loss(x, torch.Generator().manual_seed(1))["loss"]
    gradient = torch.autograd.grad(loss, parameters)
    log_weights = model.importance_sampler(x)(5, torch.Generator().manual_seed(1))
    surrogate = -(normalized_weights(log_weights).detach() * log_weights).sum(dim=0).mean()
    for one, other in zip(gradient, torch.autograd.grad(surrogate, parameters), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    assert surrogate + 1e-3 < loss < surrogate + math.log(5)
    torch.testing.assert_close(loss, -iwae_bound(log_weights).mean())


@pytest.mark.parametrize("samples", [1, 5])
def test_the_bound_is_at_least_the_vaes_objective_and_the_same_with_one_sample(samples, x):
    iwae = built("two layers", samples=samples).loss(x, torch.Generator().manual_seed(1))
    vae = built("two layers", samples=samples, objective="vae").loss(x, torch.Generator().manual_seed(1))
    torch.testing.assert_close(vae["loss"], vae["kl"] - vae["reconstruction"])
    if samples == 1:
        torch.testing.assert_close(iwae["loss"], vae["loss"])
    else:
        assert iwae["loss"] < vae["loss"] - 1.0  # by Jensen, draw by draw


@torch.no_grad()
@pytest.mark.parametrize("name", CONFIGS)
def test_probabilities_of_all_images_sum_to_one_and_are_those_of_samples(name, generator):
    # Of three pixels there are eight images. The mean weight is unbiased for p(x), whatever q is.
    model = built(name, data_dim=3)
    # Its variance is small where every layer's q is near the posterior, and wider.
    for network in (model.encoder, *model.inner_encoders, *model.inner_decoders):
        for parameter in network.parameters():
            parameter.mul_(0.4)
    for encoder in (model.encoder, *model.inner_encoders):
        encoder[-1].bias[len(encoder[-1].bias) // 2 :] += 0.25
    images = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)), dtype=torch.float64)
    weights = model.importance_sampler(images)(200 * 250, generator).view(200, 250, 8).exp().mean(dim=1)
    checks.mean_equals("sum of p(x)", weights.sum(dim=1), 1.0)  # false-alarm rate 1e-6, as below
    drawn = binarize(model.sample(200 * 250, generator), generator).view(200, 250, 3)
    shares = torch.stack([(drawn == image).all(dim=2).double().mean(dim=1) for image in images], dim=1)
    checks.mean_equals("p(x) less the share of samples", weights - shares, torch.zeros(8))


@torch.no_grad()
def test_bounds_grow_with_the_samples(model, x, generator):
    log_weights = model.importance_sampler(x)(50 * 200, generator).view(200, 50, 6)
    bounds = {
        k: log_weights.view(200, -1, k, 6).logsumexp(dim=2).mean(dim=1) - math.log(k) for k in (1, 5, 50)
    }
    for fewer, more in ((1, 5), (5, 50)):
        gain = (bounds[more] - bounds[fewer]).mean(dim=1)
        assert gain.mean() > 4.76 * gain.std() / 200**0.5  # one-sided, paired, at 1e-6


def test_gradients_reach_every_parameter(model, x, generator):
    model.loss(x, generator)["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_the_config_rebuilds_the_model(model, x):
    again = IWAE(**model.config).double()
    again.load_state_dict(model.state_dict())
    seeds = [torch.Generator().manual_seed(1) for _ in range(2)]
    assert torch.equal(again.bound(x, 3, seeds[0]), model.bound(x, 3, seeds[1]))


@pytest.mark.parametrize("name", ["one layer", "two layers"])
def test_a_model_overfits_sixteen_images(name):
    torch.manual_seed(0)
    images = DIGITS[:16].round()
    wider = {"one layer": ((60,),), "two layers": ((60,), (30,))}[name]
    latents = {"one layer": (8,), "two layers": (10, 8)}[name]
    model = IWAE(data_dim=64, hidden=wider, latent_dims=latents, samples=5)
    model.initialize(images)
    history = fit(model, images, steps=200, batch_size=16, learning_rate=2e-2)
    assert history["loss"][-1] < history["loss"][0]
    assert (model.reconstruct(images).round() == images).double().mean() > 0.9


@pytest.mark.parametrize("name", CONFIGS)
def test_one_step_under_bfloat16_autocast_keeps_weights_in_float32(name, x, generator):
    model, x, dtypes = built(name).float(), x.float(), []
    for network in (model.encoder, model.decoder, *model.inner_encoders, *model.inner_decoders):
        network.register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, generator)
        log_weights = model.importance_sampler(x)(3, generator)
        bound = model.bound(x, 3, generator)
    assert set(dtypes) == {torch.bfloat16}
    assert {t.dtype for t in (*terms.values(), log_weights, bound)} == {torch.float32}
    terms["loss"].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_nan_in_the_data_is_told_by_the_loop():
    images = DIGITS[:16].round().clone()
    images[3, 0, 2, 2] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made"):
        fit(built("two layers"), images, steps=1, batch_size=16)


def test_the_output_starts_at_the_mean_image():
    model = IWAE(data_dim=4, hidden=((3,),), latent_dims=(2,))
    model.initialize(torch.tensor([[0.0, 1, 0.5, 0], [0, 1, 0.5, 1]]).view(2, 1, 2, 2))
    expected = torch.tensor([1e-3, 1 - 1e-3, 0.5, 0.5])
    torch.testing.assert_close(model.decoder[-1].bias.sigmoid(), expected)


def test_weights_start_as_glorot_says():
    torch.manual_seed(0)
    model = IWAE(**PRESETS["paper_two_layers"])
    # The last layer of a Gaussian stands for two, of the mean and of the log standard deviation.
    for network, outputs in (
        (model.encoder, 100), (model.decoder, 784), (model.inner_encoders[0], 50), (model.inner_decoders[0], 100)
    ):  # fmt: skip
        for layer in network[::2]:
            last = layer is network[-1]
            reach = math.sqrt(6 / (layer.in_features + (outputs if last else layer.out_features)))
            assert 0.99 * reach < layer.weight.abs().max() <= reach
            torch.testing.assert_close(layer.weight.var(), torch.tensor(reach**2 / 3), rtol=0.05, atol=0)
            assert not layer.bias.any()


def test_presets_are_the_papers_networks():
    def sizes(network):
        return [network[0].in_features, *(layer.out_features for layer in network[::2])]

    one, two = IWAE(**PRESETS["paper"]), IWAE(**PRESETS["paper_two_layers"])
    assert sizes(one.encoder) == [784, 200, 200, 2 * 50] and sizes(one.decoder) == [50, 200, 200, 784]
    assert sizes(two.encoder) == [784, 200, 200, 2 * 100] and sizes(two.decoder) == [100, 200, 200, 784]
    assert sizes(two.inner_encoders[0]) == [100, 100, 100, 2 * 50]
    assert sizes(two.inner_decoders[0]) == [50, 100, 100, 2 * 100]
    for preset in PRESETS.values():
        assert IWAE(**preset).loss(torch.rand(2, 1, 28, 28).round())["loss"].isfinite()


def test_adam_has_the_papers_numbers():
    (group,) = IWAE(**PRESETS["laptop"]).parameter_groups(0.1)
    assert (group["lr"], group["betas"], group["eps"]) == (0.1, (0.9, 0.999), 1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dims": (3, 2)}, r"^hidden and latent_dims must have the same length, at least 1, got 1 and 2$"),
        ({"latent_dims": (), "hidden": ()}, r"^hidden and latent_dims must have the same length, at least 1"),
        ({"samples": 0}, r"^samples must be at least 1, got 0$"),
        ({"objective": "elbo"}, r"^objective must be one of iwae, vae; got 'elbo'$"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        IWAE(**options)


def test_two_layers_are_trained_at_the_papers_size():
    """Layers of this size are computed by a kernel, whose output for several samples is a view."""
    torch.manual_seed(0)
    model = IWAE(**PRESETS["paper_two_layers"])
    model.loss(torch.rand(8, 784).round())["loss"].backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
