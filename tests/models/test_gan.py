"""GAN: each player's gradient against separately computed objectives, the latent vector, toys and edge cases."""

import pytest
import torch
from adversarial import SMALL, VECTORS, batch_for, build, gradients, is_generators, seeded, train

from dgm_helpers import checks, data
from dgm_helpers.layers.latent_code import Codes, LatentLayout
from dgm_helpers.models.gan import GAN, PRESETS
from dgm_helpers.objectives.adversarial import discriminator_loss, generator_loss
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
VARIANTS = pytest.mark.parametrize(
    "options",
    [
        SMALL,
        {**SMALL, "hidden": (), "normalize": "generator"},
        {**SMALL, "normalize": "none"},
        {**VECTORS, "normalize": "none"},
        VECTORS,
    ],
    ids=["images", "no hidden layer", "no normalization", "vectors", "vectors normalized"],
)


@VARIANTS
def test_one_backward_gives_each_player_its_own_gradient(options):
    model = build(options, GAN)
    x = batch_for(model)
    together = gradients(model, model.loss(x, seeded())["loss"])
    latent = model.sample_latent(len(x), seeded())
    theirs = discriminator_loss(model.discriminate(x), model.discriminate(model.generate(latent).detach()))
    for_discriminator = gradients(model, theirs)
    for_generator = gradients(model, generator_loss(model.discriminate(model.generate(latent))))
    for name, gradient in together.items():
        expected = (for_generator if is_generators(name) else for_discriminator)[name]
        torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-10)
    # The test would not notice otherwise: the players do disagree.
    assert any(
        (for_generator[name] - for_discriminator[name]).abs().max() > 1e-6
        for name in together
        if not is_generators(name)
    )


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_other_player_is_frozen(player):
    model = build(SMALL, GAN)
    model.loss(batch_for(model), seeded())[player].backward()
    for name, parameter in model.named_parameters():
        mine = is_generators(name) == (player == "generator")
        touched = parameter.grad is not None and bool(parameter.grad.abs().max() > 0)
        # A bias before batch normalization has no effect: its gradient is zero but for rounding.
        assert touched or parameter.ndim == 1 if mine else not touched, name


def test_running_statistics_count_the_real_and_the_generated_batch_once_each():
    model = build(SMALL, GAN)
    model.loss(batch_for(model), seeded())
    counts = {name: int(b) for name, b in model.named_buffers() if name.endswith("num_batches_tracked")}
    assert counts and all(count == (1 if is_generators(name) else 2) for name, count in counts.items())


def test_parameter_groups_hold_every_parameter_once_with_its_players_rate():
    model = build({**SMALL, "rate_ratio": 0.2}, GAN)
    generators, others = model.parameter_groups(1e-3)
    listed = [*generators["params"], *others["params"]]
    assert len(listed) == len(set(listed)) and set(listed) == set(model.parameters())
    assert set(generators["params"]) == set(model.generator.parameters())
    assert generators["lr"] == 1e-3 and others["lr"] == pytest.approx(2e-4)
    assert generators["betas"] == others["betas"] == (0.5, 0.999)


@VARIANTS
def test_shapes_dtypes_and_range(options, generator):
    for dtype in (torch.float32, torch.float64):
        model = build(options, GAN).to(dtype)
        x = batch_for(model).to(dtype)
        samples, logits = model.sample(7, generator), model.discriminate(x)
        assert samples.shape == (7, *x.shape[1:]) and logits.shape == (6,)
        assert samples.dtype == logits.dtype == dtype
        if options.get("output") != "linear":
            assert samples.min() >= 0 and samples.max() <= 1
        assert all(torch.isfinite(term) and term.ndim == 0 for term in model.loss(x, generator).values())


@pytest.mark.parametrize("n", [0, 1])
def test_one_image_or_none_is_a_batch_too(n, generator):
    model = build(SMALL, GAN).eval()
    assert model.sample(n, generator).shape == (n, 1, 8, 8)
    assert model.discriminate(batch_for(model, n)).shape == (n,)


LAYOUT = LatentLayout(noise=3, categories=(4, 2), continuous=2)


def test_a_latent_vector_holds_noise_one_hot_codes_and_continuous_codes(generator):
    latent = LAYOUT.sample(500, generator)
    noise, codes = LAYOUT.split(latent)
    assert latent.shape == (500, LAYOUT.dim) == (500, 11)
    assert codes.categories.shape == (500, 2) and noise.abs().max() < 1 and codes.continuous.abs().max() < 1
    assert torch.equal(latent[:, 3:7].sum(1), torch.ones(500)) and torch.equal(
        latent[:, 7:9].sum(1), torch.ones(500)
    )
    assert [values.unique().tolist() for values in codes.categories.T] == [[0, 1, 2, 3], [0, 1]]
    assert torch.equal(LAYOUT.join(noise, codes), latent)


def test_noise_and_continuous_codes_are_uniform_between_minus_one_and_one(generator):
    noise, codes = LAYOUT.split(LAYOUT.sample(20_000, generator))
    for values in (noise, codes.continuous):
        checks.mean_equals("value", values, torch.zeros(values.shape[1]))
        checks.mean_equals("its square", values**2, torch.full((values.shape[1],), 1 / 3))


@pytest.mark.parametrize(("normalize", "counts"), [("both", (2, 2)), ("generator", (2, 0)), ("none", (0, 0))])
def test_batch_normalization_stands_where_it_is_asked_for(normalize, counts):
    model = build({**SMALL, "normalize": normalize}, GAN)
    kinds = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
    found = [sum(isinstance(m, kinds) for m in part.modules()) for part in (model.generator, model.trunk)]
    # The generator: its hidden layer, the one that begins the maps, and a convolution.
    assert found == [counts[0] + (counts[0] > 0), counts[1]]


def test_given_codes_override_what_is_drawn_and_leave_the_rest():
    free = LAYOUT.sample(5, seeded())
    fixed = LAYOUT.sample(5, seeded(), Codes(categories=torch.tensor([[3, 0]])))
    noise, codes = LAYOUT.split(fixed)
    assert torch.equal(codes.categories, torch.tensor([[3, 0]]).expand(5, 2))
    assert torch.equal(noise, LAYOUT.split(free)[0])
    assert torch.equal(codes.continuous, LAYOUT.split(free)[1].continuous)
    moved = LAYOUT.sample(5, seeded(), Codes(continuous=torch.full((5, 2), 2.0)))
    assert torch.equal(moved[:, :9], free[:, :9]) and (moved[:, 9:] == 2).all()


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (
            Codes(categories=torch.tensor([[4, 0]])),
            "^this categorical code must be from 0 to 3; at",
        ),
        (
            Codes(categories=torch.tensor([[0, -1]])),
            "^this categorical code must be from 0 to 1; at",
        ),
        (Codes(categories=torch.tensor([[0]])), "^codes must have 2 categorical codes, got 1$"),
        (Codes(continuous=torch.zeros(1, 3)), "^codes must have 2 continuous codes, got 3$"),
    ],
)
def test_codes_that_do_not_fit_are_told(codes, message):
    with pytest.raises(ValueError, match=message):
        LAYOUT.sample(5, None, codes)


def test_a_gan_takes_codes_for_noise():
    model = build({**SMALL, "categories": (3,), "continuous": 1}, GAN).eval()
    one = model.sample(4, seeded(), Codes(categories=torch.tensor([[0]])))
    other = model.sample(4, seeded(), Codes(categories=torch.tensor([[1]])))
    assert one.shape == other.shape and not torch.equal(one, other)


def test_the_config_rebuilds_the_model():
    model = build({**SMALL, "categories": (3,)}, GAN).eval()
    again = GAN(**model.config).double().eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.sample(3, seeded()), model.sample(3, seeded()))


def test_one_step_under_bfloat16_autocast_keeps_losses_in_float32(generator):
    model = build(SMALL, GAN).float()
    optimizer = torch.optim.Adam(model.parameter_groups(1e-3))
    dtypes = []
    model.critic.register_forward_hook(lambda m, i, output: dtypes.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(batch_for(model).float(), generator)
    assert set(dtypes) == {torch.bfloat16} and all(term.dtype == torch.float32 for term in terms.values())
    before = [parameter.clone() for parameter in model.parameters()]
    terms["loss"].backward()
    optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def nearest(samples, images):
    """Mean distance of each sample to the image that is nearest to it."""
    return torch.cdist(samples.flatten(1), images.flatten(1)).amin(dim=1).mean().item()


def test_a_model_overfits_sixteen_images(generator):
    """The analogue for a game: samples lie nearer to the sixteen than other digits do, and by many of them."""
    x = DIGITS[:16]
    torch.manual_seed(0)
    model = GAN(**{**SMALL, "channels": (16, 32), "hidden": (), "rate_ratio": 1.0})
    train(model, x, 500, 2e-3, batch_size=16)
    samples = model.sample(64, generator)
    assert nearest(samples, x) < nearest(DIGITS[16:], x) - 0.2
    assert torch.cdist(samples.flatten(1), x.flatten(1)).argmin(dim=1).unique().numel() >= 6


def test_nan_in_the_data_is_told_by_the_loop():
    x = DIGITS[:8].clone()
    x[:, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(build(SMALL, GAN).float(), x, steps=3)


def test_presets_build():
    for preset in PRESETS.values():
        with torch.device("meta"):
            model = GAN(**preset)
        assert {**model.config, **preset} == model.config
    assert model.config["data_shape"] == (1, 28, 28)
    with torch.device("meta"):
        paper = GAN(**PRESETS["paper"])
    assert paper.generator[0].in_features == 100 and paper.generator[0].out_features == 4 * 4 * 1024


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalize": "layer"}, "^normalize must be one of both, generator, none; got 'layer'$"),
        ({"output": "tanh"}, "^output must be one of sigmoid, linear; got 'tanh'$"),
        (
            {"data_shape": (1, 30, 28)},
            r"^data_shape must be .* multiples of 4 for 2 strided convolutions, got \(1, 30, 28\)$",
        ),
        ({"data_shape": (2,)}, r"^data_shape must be .* 2 strided convolutions, got \(2,\)$"),
    ],
)
def test_what_cannot_be_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        GAN(**options)


def test_data_of_another_shape_are_told():
    model = build(SMALL, GAN)
    for evaluate in (model.loss, model.discriminate):
        with pytest.raises(ValueError, match=r"^data points must have the shape 1×8×8, got 1×12×12$"):
            evaluate(torch.rand(4, 1, 12, 12).double())
