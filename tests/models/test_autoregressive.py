"""Properties of every autoregressive model: a new one is tested by adding it to ``autoregressive.MODELS``."""

import copy

import pytest
import torch
from autoregressive import MODELS, all_images, build, influence, labels, outputs, random_images
from scipy import stats

from dgm_helpers import data, kernels
from dgm_helpers.models.autoregressive_images import require_channels, require_label
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
FALSE_ALARM_RATE = 1e-6


@pytest.fixture(params=MODELS)
def model(request):
    return build(request.param)


def log_prob(model, x, label=1):
    return model.log_prob(x, **labels(model, len(x), label))


def sampled(model, n, seed, **options):
    label = {"label": 1} if getattr(model, "classes", 0) else {}
    return model.sample(n, generator=torch.Generator().manual_seed(seed), **label, **options)


def mixed_outputs(model, x):
    """One number a sub-pixel: its outputs with random weights, so that none cancels another."""
    logits = outputs(model, x)
    weights = torch.randn(logits.shape[1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.einsum("bkchw,k->bhwc", logits, weights)


def test_no_sub_pixel_sees_itself_or_a_later_one(model):
    images = random_images(model, 2, size=6)
    jacobian = influence(lambda x: mixed_outputs(model, x), images).movedim(3, -1)  # both in raster order
    count = images[0].numel()
    assert jacobian.reshape(count, count).triu().eq(0).all()


@pytest.mark.parametrize("name", [name for name in MODELS if "color" in name])
def test_nor_does_one_of_several_levels_in_color(name):
    # A softmax of each channel: its logits are so many features, which have to keep their channel's place in the order.
    model = build(name, levels=4)
    images = random_images(model, 2, size=4)
    jacobian = influence(lambda x: mixed_outputs(model, x), images).movedim(3, -1).reshape(48, 48)
    assert jacobian.triu().eq(0).all() and jacobian.tril(-1)[1:].gt(0).any(dim=1).all()


@torch.no_grad()
def test_probabilities_of_all_images_sum_to_one(model):
    images = all_images(model)
    total = log_prob(model, images).exp().sum()
    torch.testing.assert_close(total, torch.ones(()).double(), rtol=1e-12, atol=0)


@torch.no_grad()
def test_samples_have_the_models_probabilities(model):
    # Chi-square over all images, those expected less than five times taken together; false-alarm rate 1e-6.
    images, count = all_images(model), 20_000
    samples = sampled(model, count, seed=1)
    digits = (model.levels ** torch.arange(images[0].numel()).flip(0)).double()

    def number(x):
        return ((x * (model.levels - 1)).round().flatten(1) @ digits).long()

    assert torch.equal(number(images), torch.arange(len(images)))
    observed = torch.bincount(number(samples), minlength=len(images)).double()
    expected = count * log_prob(model, images).exp()
    rare = expected < 5
    observed, expected = (torch.cat([v[~rare], v[rare].sum()[None]]) for v in (observed, expected))
    if expected[-1] < 5:
        observed, expected = ((torch.cat([v[:-2], v[-2:].sum()[None]])) for v in (observed, expected))
    # The distribution is one that the wrong ones (uniform, independent pixels) could not pass for.
    assert (
        stats.chisquare(observed, torch.full_like(expected, count / len(expected))).pvalue < FALSE_ALARM_RATE
    )
    assert stats.chisquare(observed, expected * count / expected.sum()).pvalue > FALSE_ALARM_RATE


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", [2, 10])
def test_cached_samples_are_the_naive_ones(name, size):
    # Ten rows are more than any cache holds. Equal to the last bit but where a uniform number falls within rounding
    # of a probability: in float64 a chance of 1e-13 for all pixels here.
    model = build(name, image_size=size, **({"levels": 5} if "levels" in name else {}))
    cached, naive = (sampled(model, 3, seed=2, cached=choice) for choice in (True, False))
    assert torch.equal(cached, naive)
    assert cached.shape == (3, *model.image_shape)


@pytest.mark.parametrize("plainly", [False, True])
def test_the_plain_version_evaluates_whole_images(model, plainly, monkeypatch):
    evaluated = []
    model.output.register_forward_hook(lambda *_: evaluated.append(1))
    monkeypatch.setattr(kernels, "PLAIN", plainly)
    sampled(model, 1, seed=2)
    assert bool(evaluated) is plainly


def test_cached_samples_with_another_kernel_are_the_naive_ones():
    for kernel_size in (1, 5):
        model = build("gated", image_size=7, kernel_size=kernel_size)
        assert torch.equal(sampled(model, 4, seed=2), sampled(model, 4, seed=2, cached=False))


@pytest.mark.parametrize("cached", [True, False])
def test_samples_under_autocast_are_levels_in_float32_and_nearly_those_without(model, cached):
    model = model.float()
    plain = sampled(model, 20, seed=2)
    with torch.autocast("cpu", torch.bfloat16):
        under = sampled(model, 20, seed=2, cached=cached)
    assert under.dtype == torch.float32
    # A pixel changes where its uniform number falls between a probability and the one rounded to bfloat16.
    assert (under != plain).double().mean() < 0.1


def test_no_images_at_all_can_be_sampled(model):
    for cached in (True, False):
        assert sampled(model, 0, seed=1, cached=cached).shape == (0, *model.image_shape)


def test_the_generator_alone_decides_what_is_sampled(model):
    first, second, other = (sampled(model, 20, seed) for seed in (3, 3, 4))
    assert torch.equal(first, second) and not torch.equal(first, other)
    state = torch.get_rng_state()
    sampled(model, 2, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert not first.requires_grad
    torch.testing.assert_close((first * (model.levels - 1)).round() / (model.levels - 1), first)


def test_loss_is_the_mean_negative_log_probability(model):
    x = random_images(model, 5)
    terms = model.loss(x, **labels(model, 5))
    assert set(terms) == {"loss", "bits_per_dim"} and all(term.shape == () for term in terms.values())
    torch.testing.assert_close(terms["loss"], -log_prob(model, x).mean())
    bits = terms["loss"] / torch.log(torch.tensor(2.0).double()) / x[0].numel()
    torch.testing.assert_close(terms["bits_per_dim"], bits)


def test_gradients_reach_every_parameter(model):
    model.loss(random_images(model, 8, size=8), **labels(model, 8))["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("name", "steps", "learning_rate"),
    [("pixelcnn", 150, 1e-2), ("gated", 150, 1e-2), ("plus plus", 150, 1e-2), ("snail", 300, 5e-3)],
)
def test_a_model_overfits_sixteen_images(name, steps, learning_rate):
    torch.manual_seed(0)
    kind, config = MODELS[name]
    changes = {
        "channels": 16,
        "image_size": 8,
        "levels": 2,
        **({"dropout": 0.0} if "mixtures" in config else {}),
    }
    model, images = kind(**{**config, **changes}), DIGITS[:16].round()
    before = float(model.loss(images)["loss"].detach())
    fit(model, images, steps=steps, batch_size=16, learning_rate=learning_rate)
    # Each of 16 equally likely images costs log 16 = 2.8 nats when all are known by heart. Other seeds reach 3 to 8.
    assert float(model.loss(images)["loss"].detach()) < 12 < 30 < before


def test_one_step_in_bfloat16_keeps_the_likelihood_in_float32(model):
    model = model.float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = random_images(model, 8, size=6).float()
    exact = model.loss(x, **labels(model, 8))["loss"]
    output = []
    model.output.register_forward_hook(lambda _, __, value: output.append(value.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, **labels(model, 8))
    assert output.pop() == torch.bfloat16
    assert all(term.dtype == torch.float32 for term in terms.values())
    torch.testing.assert_close(terms["loss"], exact, rtol=0.02, atol=0.0)
    terms["loss"].backward()
    optimizer.step()
    for parameter in model.parameters():
        assert parameter.dtype == parameter.grad.dtype == torch.float32 and parameter.isfinite().all()
    assert model.loss(x, **labels(model, 8))["loss"] < exact


def test_the_likelihood_is_summed_in_float32_whatever_the_logits_are():
    from dgm_helpers.objectives.pixel_levels import level_log_prob

    x = torch.zeros(1, 1, 32, 32)
    for count, levels in ((1, 2), (4, 4)):
        logits = torch.zeros(1, count, 1, 32, 32, dtype=torch.bfloat16)
        expected = -1024 * torch.log(torch.tensor([float(levels)]))
        torch.testing.assert_close(level_log_prob(x, logits, levels), expected)


def test_a_pixel_that_is_nan_has_no_probability_whatever_its_logits_are():
    from dgm_helpers.objectives.pixel_levels import draw_level, level_log_prob

    x = torch.tensor([0.0, torch.nan]).view(2, 1, 1, 1)
    for count, levels in ((1, 2), (4, 4)):
        found = level_log_prob(x, torch.zeros(2, count, 1, 1, 1), levels)
        assert found[0].isfinite() and found[1].isnan()
    # Nor is a level of probability zero drawn, not even by a uniform number of zero.
    assert draw_level(torch.tensor([[-torch.inf, 0.0, 0.0]]), torch.zeros(1), 3).item() == 0.5
    # And the last one where rounding leaves the sum of all probabilities below the number.
    assert draw_level(torch.zeros(1, 3), torch.ones(1), 3).item() == 1


@torch.no_grad()
def test_the_config_and_the_state_rebuild_the_model(model, tmp_path):
    torch.save({"config": model.config, "state": model.state_dict()}, tmp_path / "checkpoint.pt")
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    again = type(model)(**checkpoint["config"]).double().eval()
    again.load_state_dict(checkpoint["state"])
    x = random_images(model, 3)
    assert torch.equal(log_prob(again, x), log_prob(model, x))
    assert torch.equal(sampled(again, 5, seed=1), sampled(model, 5, seed=1))
    assert not any("mask" in name for name in checkpoint["state"])


def test_a_batch_with_nan_is_reported_and_not_trained_on(model):
    x = random_images(model, 4)
    x[2, -1, -1, -1] = torch.nan  # the last sub-pixel: no other one sees it
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made"):
        fit(model, x, steps=1, batch_size=4, **{k + "s": v for k, v in labels(model, 4).items()})
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("value", [0.25, -1.0, 2.0])
def test_a_pixel_that_is_no_level_is_told(model, value):
    x = random_images(model, 2)
    x[1, 0, 0, 1] = value
    last = model.levels - 1
    with pytest.raises(
        ValueError, match=rf"^pixels must be k / {last} with k = 0 … {last} for {last + 1} levels, got "
    ):
        log_prob(model, x)


def test_images_with_other_channels_are_told(model):
    channels = model.image_shape[0]
    with pytest.raises(ValueError, match=rf"^images must have {channels} channels, got 2$"):
        log_prob(model, torch.zeros(1, 2, 2, 2).double())


@pytest.mark.parametrize(
    "kind", dict.fromkeys(kind for kind, _ in MODELS.values()), ids=lambda kind: kind.__name__
)
def test_one_level_is_told(kind):
    with pytest.raises(ValueError, match=r"^levels must be at least 2, got 1$"):
        kind(levels=1)


def test_any_batch_and_image_size_can_be_evaluated(model):
    for n, size in ((1, 6), (3, 2), (2, 4)):
        assert log_prob(model, random_images(model, n, size=size)).shape == (n,)


CONDITIONAL = [name for name in MODELS if "conditional" in name]


@pytest.mark.parametrize("name", CONDITIONAL)
@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_label_that_is_none_of_the_classes_is_told(name, wrong):
    model = build(name)
    message = r"^labels must be classes from 0 to 2; at least one is not$"
    with pytest.raises(ValueError, match=message):
        model.log_prob(random_images(model, 3), torch.tensor([0, wrong, 2]))
    for cached in (True, False):
        with pytest.raises(ValueError, match=message):
            model.sample(2, wrong, cached=cached)


def test_labels_that_are_not_one_whole_number_for_each_image_are_told():
    # Past the checks of shapes that the tests switch on: what a user without them is told.
    for label in (torch.tensor([1]), torch.ones(3, 1).long(), torch.ones(3)):
        with pytest.raises(ValueError, match=r"^label must have shape \[3\] and an integer dtype, got "):
            require_label(label, 3, 3)
    assert require_label(torch.tensor([0, 1, 2], dtype=torch.int32), 3, 3) is None


def test_what_is_no_batch_of_images_of_floats_is_told():
    for x in (torch.zeros(4, 16), torch.zeros(1, 8, 8), torch.zeros(4, 1, 8, 8, dtype=torch.uint8)):
        with pytest.raises(
            ValueError, match=r"^images must be floats of shape \[batch, 1, height, width\], got t"
        ):
            require_channels(x, 1)
    assert require_channels(torch.zeros(4, 1, 8, 8), 1) is None
