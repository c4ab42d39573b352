"""Autoregressive flows: triangular Jacobians, exact densities, and the prior that is a posterior."""

import copy
import math

import pytest
import torch

from dgm_helpers import checks, data
from dgm_helpers.layers.made import MADE, AutoregressiveFlow
from dgm_helpers.models.iaf import IAFVAE, PRESETS, AutoregressivePrior
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
SMALL = {"data_dim": 64, "latent_dim": 3, "hidden": (20,), "steps": 2, "flow_hidden": (12,)}
CONTEXTS = pytest.mark.parametrize("context_dim", [0, 4])


def perturbed(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module.double()


def flow(dim=4, steps=3, hidden=(10, 9), context_dim=0):
    torch.manual_seed(0)
    return perturbed(AutoregressiveFlow(dim, hidden, steps, context_dim))


def iaf(**options):
    torch.manual_seed(0)
    return perturbed(IAFVAE(**{**SMALL, "context_dim": 5, **options}))


def images(n=6):
    return DIGITS[:n].double()


@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("hidden", [(), (7,), (6, 11)])
def test_an_output_sees_exactly_the_coordinates_before_it(dim, hidden):
    torch.manual_seed(0)
    made = perturbed(MADE(dim, hidden))
    z = torch.randn(dim, dtype=torch.float64)
    for output in (0, 1):
        seen = torch.autograd.functional.jacobian(lambda r, o=output: made(r)[o], z) != 0
        assert torch.equal(seen, torch.ones(dim, dim, dtype=torch.bool).tril(-1))


def test_every_output_sees_the_context_also_the_first():
    torch.manual_seed(0)
    made = perturbed(MADE(4, (12,), context_dim=2))
    z, context = torch.randn(4).double(), torch.randn(2).double()
    seen = torch.autograd.functional.jacobian(lambda c: made(z, c)[1], context) != 0
    assert seen.all()
    seen = torch.autograd.functional.jacobian(lambda r: made(r, context)[1], z) != 0
    assert torch.equal(seen, torch.ones(4, 4, dtype=torch.bool).tril(-1))


def test_hidden_weights_of_the_mask_never_move():
    torch.manual_seed(0)
    made = MADE(3, (8,))
    layer, before = made.hidden[0], made.hidden[0].weight.detach().clone()
    optimizer = torch.optim.Adam(made.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        sum(part.square().sum() for part in made(torch.randn(5, 3))).backward()
        optimizer.step()
    moved = layer.weight != before
    assert not moved[~layer.mask].any() and moved[layer.mask].any()


@CONTEXTS
@pytest.mark.parametrize("shape", [(), (5,), (2, 5)])
def test_the_inverse_undoes_the_flow(context_dim, shape, generator):
    model = flow(context_dim=context_dim)
    z = 2 * torch.randn(*shape, 4, generator=generator, dtype=torch.float64)
    context = torch.randn(*shape, 4, dtype=torch.float64) if context_dim else None
    epsilon, log_det = model(z, context)
    assert epsilon.shape == z.shape and log_det.shape == shape
    torch.testing.assert_close(model.inverse(epsilon, context), z, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(model(model.inverse(z, context), context)[0], z, rtol=1e-10, atol=1e-10)


@CONTEXTS
def test_the_log_determinant_is_that_of_the_jacobian(context_dim, generator):
    model = flow(context_dim=context_dim)
    context = torch.randn(4, dtype=torch.float64) if context_dim else None
    for z in torch.randn(3, 4, generator=generator, dtype=torch.float64):
        jacobian = torch.autograd.functional.jacobian(lambda r: model(r, context)[0], z)
        torch.testing.assert_close(model(z, context)[1], torch.linalg.slogdet(jacobian)[1])


def test_the_inverse_can_be_differentiated(generator):
    model = flow(dim=3, steps=2)
    epsilon = torch.randn(3, generator=generator, dtype=torch.float64)
    back = torch.autograd.functional.jacobian(model.inverse, epsilon)
    there = torch.autograd.functional.jacobian(lambda r: model(r)[0], model.inverse(epsilon).detach())
    torch.testing.assert_close(back @ there, torch.eye(3).double(), rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_the_priors_density_integrates_to_one_and_its_samples_follow_it(generator):
    torch.manual_seed(0)
    prior = perturbed(AutoregressivePrior(latent_dim=2, hidden=(8,)))
    epsilon = prior.flow(prior.sample(5000, generator))[0]
    checks.mean_equals("base", epsilon, torch.zeros(2))
    checks.mean_equals("its square", epsilon**2, torch.ones(2))
    axis = torch.linspace(-30, 30, 1501, dtype=torch.float64)
    total = prior.log_prob(torch.cartesian_prod(axis, axis)).exp().sum() * 0.04**2
    assert total.item() == pytest.approx(1, abs=1e-4)


@torch.no_grad()
def test_the_posteriors_density_integrates_to_one_and_agrees_with_its_samples(generator):
    model, x = iaf(latent_dim=2), images(1)
    axis = torch.linspace(-25, 25, 801, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    log_q = model.posterior_log_prob(x.expand(len(z), -1, -1, -1), z)
    assert (log_q.exp().sum() * (50 / 800) ** 2).item() == pytest.approx(1, abs=1e-3)
    drawn, log_q = model.posterior_sample(images(4), 3, generator)
    for z, value in zip(drawn, log_q, strict=True):
        torch.testing.assert_close(model.posterior_log_prob(images(4), z), value, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_an_autoregressive_prior_is_an_inverse_autoregressive_posterior():
    """VLAE, section 3.2: both bounds are equal, sample by sample, with the same noise."""
    torch.manual_seed(0)
    prior = perturbed(AutoregressivePrior(latent_dim=3, hidden=(12,), steps=2))
    with_prior = VAE(data_dim=64, latent_dim=3, hidden=(20,), prior=prior)
    perturbed(with_prior.encoder), perturbed(with_prior.decoder)

    class Deeper(torch.nn.Module):
        """The decoder after the inverse of the flow, the generator's new first layers."""

        def __init__(self):
            super().__init__()
            self.flow, self.decoder = copy.deepcopy(prior.flow), copy.deepcopy(with_prior.decoder)

        def forward(self, epsilon):
            return self.decoder(self.flow.inverse(epsilon))

    with_posterior = IAFVAE(**SMALL, context_dim=0).double()
    with_posterior.encoder, with_posterior.flow = with_prior.encoder, prior.flow
    with_posterior.decoder = Deeper()
    x = images()
    for samples in (1, 5):
        bounds = [m.bound(x, samples, torch.Generator().manual_seed(1)) for m in (with_prior, with_posterior)]
        assert (bounds[0] - bounds[1]).abs().max() < 1e-10
    losses = [m.loss(x, torch.Generator().manual_seed(1)) for m in (with_prior, with_posterior)]
    for term in ("loss", "reconstruction", "kl"):
        assert abs(losses[0][term] - losses[1][term]) < 1e-10
    # The posterior's density is had anew, by inverting the flow at the latents: the same identity, another way.
    epsilon, _ = with_posterior.posterior_sample(x, 1, torch.Generator().manual_seed(1))
    log_weight = with_posterior.log_likelihood(x, epsilon[0]) + with_posterior.prior.log_prob(epsilon[0])
    log_weight -= with_posterior.posterior_log_prob(x, epsilon[0])
    expected = with_prior.bound(x, 1, torch.Generator().manual_seed(1))
    assert (log_weight - expected).abs().max() < 1e-10


@CONTEXTS
def test_shapes_and_dtypes(context_dim, generator):
    for dtype in (torch.float32, torch.float64):
        model, x = iaf(context_dim=context_dim).to(dtype), images().to(dtype)
        z, log_q = model.posterior_sample(x, 4, generator)
        assert z.shape == (4, 6, 3) and log_q.shape == (4, 6)
        assert [part.shape for part in model.encode(x)] == [(6, 3), (6, 3)]
        assert model.reconstruct(x).shape == x.shape and model.sample(7, generator).shape == (7, 64)
        results = [z, log_q, model.bound(x, 2), model.reconstruct(x), *model.loss(x).values()]
        assert all(result.dtype == dtype and torch.isfinite(result).all() for result in results)


@CONTEXTS
def test_gradients_reach_every_parameter(context_dim, generator):
    model = iaf(context_dim=context_dim, prior=AutoregressivePrior(latent_dim=3, hidden=(5,)))
    terms = model.loss(images(), generator)
    torch.testing.assert_close(terms["loss"], terms["kl"] - terms["reconstruction"])
    terms["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@torch.no_grad()
def test_importance_weights_average_to_the_exact_p_of_x(generator):
    """One latent: log p(x) by integration on a grid."""
    model, x = iaf(latent_dim=1, data_dim=4, hidden=(5,)), torch.rand(3, 4).double().round()
    axis = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    grid = axis[:, None].expand(-1, 3, -1)
    log_joint = model.log_likelihood(x, grid) + model.prior.log_prob(grid)
    exact = log_joint.logsumexp(dim=0) + math.log(24 / 4000)
    z, log_q = model.posterior_sample(x, 20_000, generator)
    weights = torch.exp(model.log_likelihood(x, z) + model.prior.log_prob(z) - log_q - exact)
    checks.mean_equals("weight", weights, torch.ones(3))  # the estimate of p(x) is unbiased
    assert (weights.log().mean(dim=0) < 0).all()  # and the ELBO below log p(x)


def test_the_config_rebuilds_the_models(generator):
    model, x = iaf(), images()
    again = IAFVAE(**model.config).double()
    again.load_state_dict(model.state_dict())
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    assert torch.equal(again.bound(x, 2, one), model.bound(x, 2, other))
    prior = AutoregressivePrior(latent_dim=3, hidden=(5,), steps=1)
    twin = AutoregressivePrior(**prior.config)
    twin.load_state_dict(prior.state_dict())
    z = torch.randn(4, 3, generator=generator)
    assert torch.equal(twin.log_prob(z), prior.log_prob(z))


def test_one_step_under_bfloat16_autocast_keeps_densities_in_float32(generator):
    model, x = iaf().float(), images().float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    dtypes = []
    model.flow.steps[0].output.register_forward_hook(lambda m, i, output: dtypes.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, generator)
        z, log_q = model.posterior_sample(x, 2, generator)
    assert dtypes[0] == torch.bfloat16 and z.dtype == log_q.dtype == torch.float32
    assert terms["kl"].dtype == torch.float32 and torch.isfinite(terms["loss"])
    terms["loss"].backward()
    optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_log_scales_of_a_flow_are_summed_in_float32_under_autocast(generator):
    torch.manual_seed(0)
    made = MADE(64, (32,))
    with torch.no_grad():
        made.output.bias.normal_(generator=generator)
    z = torch.randn(5, 64, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        log_scale, shift = made(z)
    assert log_scale.dtype == shift.dtype == torch.float32


@torch.no_grad()
def test_a_reconstruction_sends_the_mean_through_the_flow():
    model, x = iaf(), images()
    mu, _ = model.encode(x)
    context = model.encoder(x.flatten(1))[:, 2 * 3 :]
    z, _ = model.flow(mu, context)
    torch.testing.assert_close(model.reconstruct(x).flatten(1), model.decoder(z).sigmoid())


def test_a_model_overfits_sixteen_images():
    torch.manual_seed(0)
    model = IAFVAE(**{**SMALL, "hidden": (60,), "latent_dim": 8}, context_dim=8)
    binary = DIGITS[:16].round()
    history = fit(model, binary, steps=150, batch_size=16, learning_rate=2e-2)
    assert history["loss"][-1] < history["loss"][0]
    assert (model.reconstruct(binary).round() == binary).double().mean() > 0.9


def test_the_prior_alone_learns_a_bent_density(generator):
    z = torch.randn(2000, 2, generator=generator)
    z[:, 1] = z[:, 0] ** 2 + 0.3 * z[:, 1]
    torch.manual_seed(0)
    prior = AutoregressivePrior(latent_dim=2, hidden=(32,), steps=2)
    fit(prior, z, steps=400, batch_size=500, learning_rate=1e-2)
    # The entropy of what drew z is 1/2 log(2 pi e) a dimension, and log 0.3; the best Gaussian misses it by 1.1 nats.
    entropy = math.log(2 * math.pi * math.e) + math.log(0.3)
    assert -prior.log_prob(z).mean().item() < entropy + 0.15


def test_nan_in_the_data_is_told_by_the_loop():
    x = DIGITS[:8].clone()
    x[:, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(iaf().float(), x, steps=3)


def test_presets_build():
    for preset in PRESETS.values():
        with torch.device("meta"):
            assert {**IAFVAE(**preset).config, **preset} == IAFVAE(**preset).config


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: IAFVAE(likelihood="poisson"),
            "^likelihood must be one of bernoulli, gaussian; got 'poisson'$",
        ),
        (lambda: IAFVAE(steps=0), "^steps must be at least 1, got 0$"),
        (lambda: IAFVAE(flow_hidden=()), "^hidden must have at least one layer for a context"),
        (
            lambda: flow(context_dim=4)(torch.zeros(2, 4).double()),
            "^z must have 4 coordinates and context 4 numbers, got 4 and 0$",
        ),
        (
            lambda: flow()(torch.zeros(2, 4).double(), torch.zeros(2, 3).double()),
            "^z must have 4 coordinates and context 0 numbers, got 4 and 3$",
        ),
        (
            lambda: flow().inverse(torch.zeros(2, 5).double()),
            "^z must have 4 coordinates and context 0 numbers, got 5 and 0$",
        ),
        (lambda: iaf().bound(images(), 0), "^the number of importance samples must be at least 1, got 0$"),
        (
            lambda: iaf().loss(torch.zeros(2, 9).double()),
            "^this model takes 64 numbers per data point, got 9$",
        ),
    ],
)
def test_what_cannot_be_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
