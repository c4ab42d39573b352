"""InfoGAN: who descends the mutual information, its value against exact channels, and a toy whose code is recovered."""

import math

import pytest
import torch
from adversarial import SMALL, VECTORS, batch_for, build, gradients, is_generators, seeded, train

from dgm_helpers import data
from dgm_helpers.layers.latent_code import Codes
from dgm_helpers.models.configured import build as rebuild
from dgm_helpers.models.configured import describe
from dgm_helpers.models.infogan import PRESETS, SMALLEST_LOG_SIGMA, CodePosterior, InfoGAN
from dgm_helpers.objectives.adversarial import discriminator_loss, generator_loss
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
CODES = {"categories": (4, 3), "continuous": 2, "q_hidden": 7}
VARIANTS = pytest.mark.parametrize(
    "options",
    [
        {**SMALL, **CODES},
        {**SMALL, **CODES, "normalize": "none", "q_hidden": 0},
        {**SMALL, "categories": (5,), "continuous": 0, "q_hidden": 6},
        {**SMALL, "categories": (), "continuous": 3, "q_hidden": 6},
        {**VECTORS, **CODES, "normalize": "none"},
        {**SMALL, **CODES, "minibatch_kernels": 3},
    ],
    ids=[
        "both",
        "no normalization, no layer of Q's own",
        "categorical",
        "continuous",
        "vectors",
        "minibatch discrimination",
    ],
)


def information(model, latent, x):
    discrete, continuous = model.information(model.encode(x), latent)
    return model.discrete_weight * discrete + model.continuous_weight * continuous


@VARIANTS
def test_one_backward_gives_each_player_its_own_gradient(options):
    """D's player (trunk, critic, Q) descends L_D - λ L_I, the generator L_G - λ L_I: each computed on its own."""
    model = build(options, InfoGAN)
    x = batch_for(model)
    together = gradients(model, model.loss(x, seeded())["loss"])
    latent = model.sample_latent(len(x), seeded())
    fake = model.generate(latent).detach()
    theirs = discriminator_loss(model.discriminate(x), model.discriminate(fake))
    for_discriminator = gradients(model, theirs - information(model, latent, fake))
    fake = model.generate(latent)
    for_generator = gradients(
        model, generator_loss(model.discriminate(fake)) - information(model, latent, fake)
    )
    for name, gradient in together.items():
        expected = (for_generator if is_generators(name) else for_discriminator)[name]
        torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-10)


def test_the_mutual_information_reaches_generator_q_and_the_shared_trunk_but_not_the_critic():
    model = build({**SMALL, **CODES}, InfoGAN)
    x = batch_for(model)
    with_it = gradients(model, model.loss(x, seeded())["loss"])
    model.discrete_weight = model.continuous_weight = 0.0
    without = gradients(model, model.loss(x, seeded())["loss"])
    moved = {name.partition(".")[0] for name in with_it if (with_it[name] - without[name]).abs().max() > 1e-9}
    assert moved == {"generator", "trunk", "recognition"}
    assert all(without[name].abs().max() == 0 for name in without if name.startswith("recognition."))


def test_the_information_is_that_of_the_codes_in_the_latent_vector(generator):
    """A posterior that knows every code: log K for each category, and the Gaussian's height for a continuous one."""
    model = build({**SMALL, **CODES}, InfoGAN)
    latent = model.sample_latent(50, generator)
    _, codes = model.layout.split(latent)
    hot = tuple(
        500.0 * torch.nn.functional.one_hot(values, size).double()
        for values, size in zip(codes.categories.T, (4, 3), strict=True)
    )
    log_sigma = torch.full((50, 2), -1.0, dtype=torch.float64)
    discrete, continuous = model.information(CodePosterior(hot, codes.continuous, log_sigma), latent)
    assert discrete.item() == pytest.approx(math.log(4) + math.log(3), abs=1e-9)
    assert continuous.item() == pytest.approx(2 * (math.log(2) - 0.5 * math.log(2 * math.pi) + 1), abs=1e-9)
    ignorant = CodePosterior(tuple(0 * logits for logits in hot), codes.continuous, log_sigma)
    assert model.information(ignorant, latent)[0].item() == pytest.approx(0, abs=1e-9)


@VARIANTS
def test_shapes_and_dtypes(options, generator):
    for dtype in (torch.float32, torch.float64):
        model = build(options, InfoGAN).to(dtype)
        x = batch_for(model).to(dtype)
        posterior = model.encode(x)
        assert [part.shape for part in posterior.logits] == [(6, k) for k in model.layout.categories]
        assert posterior.mu.shape == posterior.log_sigma.shape == (6, model.layout.continuous)
        assert (posterior.log_sigma > SMALLEST_LOG_SIGMA).all()
        modes = posterior.mode()
        assert (
            modes.categories.shape == (6, len(model.layout.categories)) and modes.continuous is posterior.mu
        )
        terms = model.loss(x, generator)
        assert all(term.dtype == dtype and term.ndim == 0 and torch.isfinite(term) for term in terms.values())


@pytest.mark.parametrize("n", [0, 1])
def test_one_image_or_none_is_a_batch_too(n):
    model = build({**SMALL, **CODES}, InfoGAN).eval()
    posterior = model.encode(batch_for(model, n))
    assert posterior.mode().categories.shape == (n, 2) and posterior.mu.shape == (n, 2)


def test_qs_standard_deviations_have_a_lower_bound():
    model = build({**SMALL, **CODES}, InfoGAN)
    raw = torch.tensor([[-100.0, SMALLEST_LOG_SIGMA, 3.0]]).double()
    output = torch.zeros(3, sum(model.layout.categories) + 4).double()
    output[:, -1] = raw[0]
    found = model.posterior(output).log_sigma[:, -1]
    expected = torch.tensor([SMALLEST_LOG_SIGMA, SMALLEST_LOG_SIGMA + math.log(2), 3.0]).double()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_the_config_rebuilds_the_model():
    model = build({**SMALL, **CODES}, InfoGAN).eval()
    again = InfoGAN(**model.config).double().eval()
    again.load_state_dict(model.state_dict())
    x = batch_for(model)
    assert torch.equal(again.sample(3, seeded()), model.sample(3, seeded()))
    assert torch.equal(again.encode(x).mu, model.encode(x).mu)
    assert again.loss(x, seeded())["loss"] == model.loss(x, seeded())["loss"]


def test_a_file_of_an_earlier_version_is_built_unless_it_asks_for_a_technique():
    model = build({**SMALL, **CODES}, InfoGAN)
    described = describe(model)
    earlier = {"smoothing": 0.0, "feature_matching": False, "historical_weight": 0.0, "virtual_batch": 0}
    assert rebuild({**described, "config": described["config"] | earlier}).config == model.config
    with pytest.raises(ValueError, match="unexpected keyword argument 'smoothing'"):
        rebuild({**described, "config": described["config"] | earlier | {"smoothing": 0.1}})


def test_one_step_under_bfloat16_autocast_keeps_losses_in_float32(generator):
    model = build({**SMALL, **CODES}, InfoGAN).float()
    optimizer = torch.optim.Adam(model.parameter_groups(1e-3))
    dtypes = []
    model.recognition.register_forward_hook(lambda m, i, output: dtypes.append(output.dtype))
    x = batch_for(model).float()
    with torch.autocast("cpu", torch.bfloat16):
        terms, posterior = model.loss(x, generator), model.encode(x)
    assert set(dtypes) == {torch.bfloat16} and all(term.dtype == torch.float32 for term in terms.values())
    assert posterior.mu.dtype == posterior.log_sigma.dtype == torch.float32
    terms["loss"].backward()
    optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_the_code_of_a_toy_is_recovered(generator):
    """Four narrow clusters in the plane and Cat(4): the code comes to name the cluster, L_I comes near log 4."""
    centers = 2 * torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    clusters = torch.randint(4, (2000,), generator=generator)
    x = centers[clusters] + 0.2 * torch.randn(2000, 2, generator=generator)
    torch.manual_seed(0)
    model = InfoGAN(**{**VECTORS, "hidden": (64, 64)}, normalize="none", categories=(4,), continuous=0,
                    q_hidden=16, rate_ratio=1.0)  # fmt: skip
    train(model, x, 600, 1e-3)
    latent = model.sample_latent(1000, generator)
    with torch.no_grad():
        samples = model.generate(latent)
        bound = model.information(model.encode(samples), latent)[0].item()
        code = model.encode(x).mode().categories[:, 0]
    assert math.log(4) - 0.05 < bound <= math.log(4)
    counts = torch.zeros(4, 4).index_put_((code, clusters), torch.ones(2000), accumulate=True)
    # Each code names one cluster, each cluster one code.
    assert (counts.amax(dim=0) / counts.sum(dim=0)).min() > 0.9
    assert counts.argmax(dim=0).unique().numel() == 4
    assert torch.cdist(samples, centers).amin(dim=1).mean() < 0.6
    own = model.sample(200, generator, Codes(categories=torch.tensor([[0]])))
    assert torch.cdist(own, centers).argmin(dim=1).unique().numel() == 1


def test_nan_in_the_data_is_told_by_the_loop():
    x = DIGITS[:8].clone()
    x[:, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(build({**SMALL, **CODES}, InfoGAN).float(), x, steps=3)


def test_presets_have_the_papers_latents():
    dims = {}
    for name, preset in PRESETS.items():
        with torch.device("meta"):
            model = InfoGAN(**preset)
        assert {**model.config, **preset} == model.config
        dims[name] = (model.layout.noise, model.layout.dim)
    assert dims == {
        "paper": (62, 74), "paper_svhn": (124, 168), "paper_celeba": (128, 228), "laptop": (62, 74),
        "heads": (8, 12)}  # fmt: skip


def test_no_code_at_all_is_told():
    with pytest.raises(ValueError, match=r"^an InfoGAN needs at least one code, categorical or continuous$"):
        InfoGAN(categories=(), continuous=0)
