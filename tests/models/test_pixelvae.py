"""PixelVAE's decoder: causal in x, dense in z, a distribution over images; cached samples; what layers do to the KL."""

import pytest
import torch
from autoregressive import all_images, influence, random_images
from scipy import stats

from dgm_helpers import checks
from dgm_helpers.models.pixelvae import PRESETS, PixelVAE
from dgm_helpers.objectives.distributions import gaussian_log_prob

# Wide enough that no path is cut by its ReLU in all inputs that a test looks at.
TINY = {"image_size": 4, "latent_dims": (3, 2), "hidden": 16, "channels": (8, 8), "pixel_channels": 12,
        "kernel_size": 3, "first_kernel_size": 3, "layers": 2}  # fmt: skip
KINDS = {
    "upsampling": {},
    "without upsampling": {"upsampling": False},
    "of 3 levels": {"levels": 3},
    "in colour": {"image_channels": 3, "levels": 4},
    "in colour without upsampling": {"image_channels": 3, "upsampling": False},
    "one layer": {"layers": 1, "latent_dims": (3,)},
    "no layers": {"layers": 0},
    "no layers of 3 levels": {"layers": 0, "levels": 3},
}


def build(name, **changes):
    torch.manual_seed(0)
    model = PixelVAE(**{**TINY, **KINDS[name], **changes}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.image_shape = model.data_shape  # as the helpers of the autoregressive models call it
    return model.eval()


@pytest.fixture(params=KINDS)
def model(request):
    return build(request.param)


def raster(logits):
    """Logits ``[batch, outputs, channels, height, width]`` mixed to one number a sub-pixel, in raster order."""
    weights = torch.randn(logits.shape[1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.einsum("bkchw,k->bhwc", logits, weights).flatten(1)


def test_the_decoder_is_causal_in_x(model):
    z = torch.randn(1, 3, dtype=torch.float64)
    images = random_images(model, 4)
    jacobian = influence(lambda x: raster(model.logits(x, z)), images)
    count = images[0].numel()
    jacobian = jacobian.movedim(1, -1).reshape(count, count)  # inputs in raster order too
    assert jacobian.triu().eq(0).all()
    if model.config["layers"]:
        # Within the window each sub-pixel sees the one before it; the first pixel's colours too.
        assert (jacobian.diagonal(-1) > 0).double().mean() > 0.5
    else:
        assert jacobian.eq(0).all()


def test_the_decoder_is_dense_in_z(model):
    images, latents = random_images(model, 4), torch.randn(6, 3, dtype=torch.float64)
    seen = sum(influence(lambda z, x=x: raster(model.logits(x[None], z)), latents) for x in images)
    assert seen.shape == (images[0].numel(), 3) and (seen > 0).all()


@torch.no_grad()
@pytest.mark.parametrize("name", [name for name in KINDS if "colour" not in name and name != "no layers"])
def test_probabilities_of_all_images_given_z_sum_to_one(name, generator):
    # Images of 4 x 4 whose lower half is held: the upper 2 rows enumerated, the others' probability divided out.
    model = build(name)
    images = all_images(type("Half", (), {"image_shape": (1, 2, 4), "levels": model.levels})())
    images = torch.cat([images, torch.zeros_like(images)], dim=2)
    z = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    for latent in z:
        logits = model.logits(images, latent.expand(len(images), -1))[:, :, :, :2]
        if model.levels == 2:
            p = logits[:, 0].sigmoid().where(images[:, :, :2] == 1, 1 - logits[:, 0].sigmoid())
        else:
            index = (images[:, None, :, :2] * 2).long()
            p = logits.softmax(dim=1).gather(1, index)
        torch.testing.assert_close(p.flatten(1).prod(dim=1).sum(), torch.ones(()).double())


@torch.no_grad()
def test_the_likelihood_is_the_product_over_pixels(model):
    x, z = random_images(model, 3), torch.randn(2, 3, 3, dtype=torch.float64)
    value = model.log_likelihood(x, z)
    for sample in range(2):
        logits = model.logits(x, z[sample])
        if model.levels == 2:
            p = logits[:, 0].sigmoid()
            expected = torch.where(x == 1, p, 1 - p).log().flatten(1).sum(dim=1)
        else:
            index = (x * (model.levels - 1)).round().long()[:, None]
            expected = logits.log_softmax(dim=1).gather(1, index).flatten(1).sum(dim=1)
        torch.testing.assert_close(value[sample], expected)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [4, 12])
def test_cached_samples_are_the_naive_ones(name, size):
    model = build(name, image_size=size)
    noise = model.draw_noise(3, torch.Generator().manual_seed(1))
    z = torch.randn(3, 3, dtype=torch.float64)
    cached, naive = (model.emit(z, noise, cached=choice) for choice in (True, False))
    assert torch.equal(cached, naive) and cached.shape == (3, *model.data_shape)
    if not model.config["layers"]:  # each pixel on its own
        logits = model.logits(noise[0], z)
        expected = noise[0] < logits[:, 0].sigmoid() if model.levels == 2 else None
        assert expected is None or torch.equal(cached, expected.double())


@torch.no_grad()
def test_samples_given_z_have_the_models_probabilities(generator):
    # Chi-square over the 16 patterns of the first row; false-alarm rate 1e-6.
    model = build("upsampling")
    z = torch.randn(1, 3, generator=generator, dtype=torch.float64)
    noise = model.draw_noise(20_000, generator)
    row = model.emit(z.expand(20_000, -1), noise)[:, 0, 0]
    observed = torch.bincount((row @ torch.tensor([8.0, 4, 2, 1]).double()).long(), minlength=16).double()
    images = all_images(type("Row", (), {"image_shape": (1, 1, 4), "levels": 2})())
    images = torch.cat([images, torch.zeros(16, 1, 3, 4).double()], dim=2)
    p = model.logits(images, z.expand(16, -1))[:, 0, :, 0].sigmoid()
    expected = torch.where(images[:, :, 0] == 1, p, 1 - p).flatten(1).prod(dim=1) * 20_000
    assert stats.chisquare(observed, expected).pvalue > 1e-6
    assert stats.chisquare(observed, torch.full_like(observed, 1250)).pvalue < 1e-6


@torch.no_grad()
def test_the_bound_lies_below_log_p_of_x_by_integration(generator):
    """A latent of one dimension in each layer: log p(x) on a grid. Weights average to p(x), at 1e-6."""
    model = build("one layer", latent_dims=(1, 1))
    x = random_images(model, 3)
    axis = torch.linspace(-9, 9, 301, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    lower, top = grid[:, :1], grid[:, 1:]
    log_prior = gaussian_log_prob(lower, *model.prior(1, top)) + gaussian_log_prob(top, *model.prior(2))
    # z_2 is summed out first: the likelihood is needed once for each z_1.
    log_prior = log_prior.view(301, 301).logsumexp(dim=1)
    log_likelihood = model.log_likelihood(x, axis[:, None, None].expand(-1, 3, -1))
    exact = (log_likelihood + log_prior[:, None]).logsumexp(dim=0) + 2 * torch.tensor(18 / 300).double().log()
    weights = torch.stack([model.bound(x, 300, generator).exp() for _ in range(60)]) / exact.exp()
    checks.mean_equals("p(x)", weights, torch.ones(3))
    assert (model.elbo(x, 200, generator) < exact).all()


def test_z_enters_every_gate():
    model = build("without upsampling")
    assert len(model.gates) == 2 and all(isinstance(gate, torch.nn.Linear) for gate in model.gates)
    x, z = random_images(model, 1), torch.randn(2, 3, dtype=torch.float64)
    for gate in model.gates:  # each of them alone tells z apart
        others = [other for other in model.gates if other is not gate]
        with torch.no_grad():
            before = [other.weight.clone() for other in others]
            for other in others:
                other.weight.zero_()
            logits = model.logits(x.expand(2, -1, -1, -1), z)
            assert (logits[0] != logits[1]).all()
            for other, weight in zip(others, before, strict=True):
                other.weight.copy_(weight)


def test_presets_build():
    for preset in PRESETS.values():
        with torch.device("meta"):
            assert {**PixelVAE(**preset).config, **preset} == PixelVAE(**preset).config


def test_the_paper_preset_has_the_size_of_the_authors_command():
    with torch.device("meta"):
        model = PixelVAE(**PRESETS["paper"])
    assert len(model.pixels.layers) == len(model.gates) == 12 and model.latent_dims == (16,)
    assert all(gate.weight.shape == (32, 16) for gate in model.gates)
    assert model.pixels.layers[0].vertical.weight.shape == (32, 16, 3, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 30}, "^images of 30 pixels a side: two strides of 2 need a multiple of 4$"),
        ({"levels": 1}, "^a pixel of 1 levels has nothing to model: give at least 2$"),
        (
            {"layers": 0, "upsampling": False},
            "^without upsampling z_1 enters the gated layers: give at least",
        ),
    ],
)
def test_what_cannot_be_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        PixelVAE(**options)


def test_a_pixel_that_is_no_level_is_told():
    model = build("upsampling")
    with pytest.raises(ValueError, match=r"^an image of 2 levels has the values k / 1, k = 0 … 1;"):
        model.loss(torch.full((2, 1, 4, 4), 0.5).double())
