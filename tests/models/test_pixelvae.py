"""PixelVAE's decoder: causal in x, dense in z, a distribution over images; cached samples; what layers do to the KL.

The decoder of pixels, `pixelvae_decoder`, is tested through the models that have it.
"""

from itertools import pairwise, product

import pytest
import torch
from autoregressive import all_images, influence, random_images
from scipy import stats

from dgm_helpers import checks, data, pretrained
from dgm_helpers.data import binarize
from dgm_helpers.layers.masked_conv import receptive_field
from dgm_helpers.layers.residual_scales import ResidualBlock
from dgm_helpers.models.configured import build as build_model
from dgm_helpers.models.pixelvae import PRESETS, PixelVAE
from dgm_helpers.models.pixelvae_map import MapPixelVAE
from dgm_helpers.objectives.distributions import gaussian_log_prob
from dgm_helpers.training import fit, registry

# Wide enough that no path is cut by its ReLU in all inputs that a test looks at.
TINY = {"image_size": 4, "latent_dims": (3, 2), "pixel_channels": 12, "kernel_size": 3, "first_kernel_size": 3,
        "layers": 2}  # fmt: skip
VECTORS = {"hidden": 16, "channels": (8, 8)}
# A map of 2 x 2 places of images of 4 x 4; of images of 12 x 12, which are 3 x 3 at the last scale, one of 6 x 6.
MAP = {"latent_dims": (3, 2), "map_stride": 2, "map_channels": (8, 8, 8), "map_blocks": (0, 1, 0), "map_layers": 1,
       "map_pixel_channels": 12, "map_kernel_size": 3}  # fmt: skip
KINDS = {
    "upsampling": {},
    "without upsampling": {"upsampling": False},
    "of 3 levels": {"levels": 3},
    "in color": {"image_channels": 3, "levels": 4},
    "in color without upsampling": {"image_channels": 3, "upsampling": False},
    "one layer": {"layers": 1, "latent_dims": (3,)},
    "no layers": {"layers": 0},
    "no layers of 3 levels": {"layers": 0, "levels": 3},
    "map": MAP,
    "map in color": {**MAP, "image_channels": 3, "levels": 4},
}


def build(name, **changes):
    torch.manual_seed(0)
    kind, own = (MapPixelVAE, {}) if "map" in name else (PixelVAE, VECTORS)
    model = kind(**{**TINY, **own, **KINDS[name], **changes}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.image_shape = model.data_shape  # as the helpers of the autoregressive models call it
    return model.eval()


def latents(model, *batch):
    """Standard normal z_1, as vectors."""
    return torch.randn(*batch, model.latent_dims[0], dtype=torch.float64)


@pytest.fixture(params=KINDS)
def model(request):
    return build(request.param)


def raster(logits):
    """Logits ``[batch, outputs, channels, height, width]`` mixed to one number a sub-pixel, in raster order."""
    weights = torch.randn(logits.shape[1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.einsum("bkchw,k->bhwc", logits, weights).flatten(1)


def test_the_decoder_is_causal_in_x(model):
    z = latents(model, 1)
    images = random_images(model, 4)
    jacobian = influence(lambda x: raster(model.logits(x, z)), images)
    count = images[0].numel()
    jacobian = jacobian.movedim(1, -1).reshape(count, count)  # inputs in raster order too
    assert jacobian.triu().eq(0).all()
    if model.config["layers"]:
        # Within the window each sub-pixel sees the one before it; the first pixel's colors too.
        assert (jacobian.diagonal(-1) > 0).double().mean() > 0.5
    else:
        assert jacobian.eq(0).all()


def test_the_decoder_is_dense_in_z(model):
    images, drawn = random_images(model, 4), latents(model, 6)
    seen = sum(influence(lambda z, x=x: raster(model.logits(x[None], z)), drawn) for x in images)
    assert seen.shape == (images[0].numel(), model.latent_dims[0]) and (seen > 0).all()


@torch.no_grad()
@pytest.mark.parametrize("name", [name for name in KINDS if "color" not in name and name != "no layers"])
def test_probabilities_of_all_images_given_z_sum_to_one(name, generator):
    # Images of 4 x 4 whose lower half is held: the upper 2 rows enumerated, the others' probability divided out.
    model = build(name)
    images = all_images(type("Half", (), {"image_shape": (1, 2, 4), "levels": model.levels})())
    images = torch.cat([images, torch.zeros_like(images)], dim=2)
    for latent in latents(model, 2):
        logits = model.logits(images, latent.expand(len(images), -1))[:, :, :, :2]
        if model.levels == 2:
            p = logits[:, 0].sigmoid().where(images[:, :, :2] == 1, 1 - logits[:, 0].sigmoid())
        else:
            index = (images[:, None, :, :2] * 2).long()
            p = logits.softmax(dim=1).gather(1, index)
        torch.testing.assert_close(p.flatten(1).prod(dim=1).sum(), torch.ones(()).double())


@torch.no_grad()
def test_the_likelihood_is_the_product_over_pixels(model):
    x, z = random_images(model, 3), latents(model, 2, 3)
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
    z = latents(model, 3)
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


@torch.no_grad()
def test_both_layers_of_the_trained_model_carry_something_that_is_seen(generator):
    """z_2 decides the gross shape more than z_1 does, and z_1 more than the noise of the pixels."""
    model = pretrained.load("pixelvae_mnist")
    x = binarize(data.load("mnist_10k").test[:100], generator)
    assert (model.terms(x, 1, generator)[1].mean(dim=(0, 1)) > 4).all()  # nats, in each layer
    noise, other = model.draw_noise(200, generator), model.draw_noise(200, generator)

    variants = [noise, *({**noise, layer: other[layer]} for layer in range(3))]
    # All in one go, because sampling costs as many steps as there are pixels.
    images = model.generate({layer: torch.cat([v[layer] for v in variants]) for layer in noise})
    image, *others = torch.nn.functional.avg_pool2d(images, 4).flatten(1).chunk(4)
    moved = [(varied - image).square().sum(dim=1) for varied in others]
    for lower, upper in pairwise(moved):  # paired, one-sided z-tests
        assert (upper - lower).mean() > 2 * (upper - lower).std() / 200**0.5


def test_a_place_of_the_map_is_given_those_before_it_and_all_of_the_layer_above():
    model = build("map", image_size=12, map_channels=(8, 8), map_blocks=(0, 1), map_layers=2)
    channels, side = 3, 6
    z, above = latents(model, 4), torch.randn(4, 2, dtype=torch.float64)

    def places(gaussians):
        return torch.stack(gaussians).view(2, -1, channels, side, side).sum(dim=2)[:, 0]

    by_z = influence(lambda value: places(model.prior_at([value, above[:1]])[0])[None], z)
    seen = by_z.unflatten(-1, (channels, side, side))
    field = receptive_field(side, side, rows=3, columns=3)
    for output, channel in product(range(2), range(channels)):  # mean and scale
        checks.sees_exactly("p(z_1|z_2)", seen[output, :, :, channel], field)
    by_above = influence(lambda value: places(model.prior_at([z[:1], value])[0])[None], above)
    assert by_above.shape == (2, side, side, 2) and (by_above > 0).all()


def test_what_is_held_of_a_map_and_of_the_layer_above_takes_the_place_of_the_noise(generator):
    model = build("map")
    noise = model.draw_noise(3, generator)
    z, above = model.draw_latents(noise)
    assert torch.equal(above, noise[2])
    other = torch.randn(1, 2, generator=generator, dtype=torch.float64)
    below, held = model.draw_latents(noise, {2: other})
    assert torch.equal(held, other.expand(3, -1))
    assert torch.equal(below, model.draw_latents({**noise, 2: held})[0]) and (below != z).any(dim=1).all()
    kept, still = model.draw_latents(noise, {1: below[:1]})
    assert torch.equal(kept, below[:1].expand(3, -1)) and torch.equal(still, above)


@torch.no_grad()
def test_both_posterior_and_prior_average_to_p_of_x(generator):
    """E_q of the importance weights is E of p(x|z_1) under the map's prior; false-alarm rate 1e-6."""
    model = build("map", map_channels=(8, 8), map_blocks=(0, 1), latent_dims=(1, 1))
    for layer in (
        model.heads[0][0],
        model.heads[1],
    ):  # a q that is wider than p, so that no weight is rare and large
        layer.weight.mul_(0.1)
        layer.bias.copy_(torch.tensor([0.0, 9.0]).repeat_interleave(len(layer.bias) // 2))
    x = random_images(model, 3)
    log_weights = torch.stack([model.bound(x, 100, generator) for _ in range(60)])
    drawn = [model.draw_latents(model.draw_noise(100, generator))[0] for _ in range(60)]
    log_simple = (
        torch.stack([model.log_likelihood(x, z[:, None].expand(-1, 3, -1)).logsumexp(dim=0) for z in drawn])
        - torch.tensor(100).log()
    )
    scale = log_simple.logsumexp(dim=0) - torch.tensor(60).log()
    checks.mean_equals("p(x)", (log_weights - scale).exp() - (log_simple - scale).exp(), torch.zeros(3))
    assert (model.elbo(x, 200, generator) < scale).all()


def test_a_model_with_a_map_overfits_sixteen_images():
    torch.manual_seed(0)
    sizes = {
        "image_size": 8,
        "latent_dims": (4, 8),
        "layers": 1,
        "map_channels": (8, 16),
        "map_blocks": (0, 1),
    }
    model = MapPixelVAE(**{**TINY, **MAP, **sizes})
    images = data.load("digits").train[:16].round()
    before = float(model.loss(images)["loss"].detach())
    fit(model, images, steps=250, batch_size=16, learning_rate=1e-2)
    # As many as known by heart cost log 16 = 2.8 nats; independent pixels 20.
    with torch.no_grad():
        elbo = model.elbo(images, 50, torch.Generator().manual_seed(1)).mean()
    assert elbo > -13 > -before


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_run_with_a_map_goes_on_exactly(batch_norm, tmp_path):
    """Also the running averages of batch normalization, which belong to no parameter."""

    def train(steps, folder):
        torch.manual_seed(0)
        model = MapPixelVAE(**{**TINY, **MAP, "image_size": 8, "map_batch_norm": batch_norm})
        images = data.load("digits").train[:10].round()
        history = fit(model, images, steps=steps, batch_size=4, log_every=3, folder=folder)
        return model.state_dict(), history.rows

    whole, rows = train(5, None)
    train(3, tmp_path)
    again, rows_again = train(5, tmp_path)
    assert any("running_mean" in name for name in whole) == batch_norm
    assert all(torch.equal(whole[name], again[name]) for name in whole) and rows == rows_again


def test_presets_build():
    for name, preset in PRESETS.items():
        with torch.device("meta"):
            config = registry.find("pixelvae", name).build().config
        assert {**config, **preset} == config


def test_the_paper_preset_has_the_size_of_the_authors_command():
    with torch.device("meta"):
        model = PixelVAE(**PRESETS["paper"])
    assert len(model.pixels.layers) == len(model.gates) == 12 and model.latent_dims == (16,)
    assert all(gate.weight.shape == (32, 16) for gate in model.gates)
    assert model.pixels.layers[0].vertical.weight.shape == (32, 16, 3, 5)


@pytest.mark.parametrize(
    ("preset", "map_shape", "top", "gates", "blocks"),
    [
        ("released_64px", (64, 16, 16), 4, (512, 1024), (8, 11)),
        ("released_32px", (128, 8, 8), 4, (512, 1024), (9, 7)),
    ],
)
def test_the_presets_of_natural_images_have_the_sizes_of_the_authors_code(
    preset, map_shape, top, gates, blocks
):
    with torch.device("meta"):
        model = MapPixelVAE(**PRESETS[preset])
    prior = model.priors[0]
    assert prior.map_shape == map_shape and model.latent_dims == (torch.Size(map_shape).numel(), 512)
    assert model.heads[1].in_features == top * top * 512 == prior.context[0].out_features
    assert prior.pixelcnn.gates[0].weight.shape[:2] == gates[::-1]
    for networks in (model.readers, (model.decoder, prior.context)):  # each way as many residual blocks
        found = [sum(isinstance(m, ResidualBlock) for m in network.modules()) for network in networks]
        assert tuple(found) == blocks
    assert prior.pixelcnn.layers[0].vertical.weight.shape == (1024, 512, 3, 5)
    assert model.pixels.output.weight.shape[0] == 3 * 256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 30}, "^the image size must be a multiple of 4 for 2 strides of 2, got 30$"),
        (
            {"map_stride": 4, "latent_dims": (2,)},
            "^latent_dims must have 2 entries, the map's and those of the vector above, got 1$",
        ),
        (
            {"map_stride": 3, "latent_dims": (2, 2)},
            "^the stride of the latent map must be one of 2, 4 with 3 scales of features; got 3$",
        ),
        (
            {"map_stride": 2, "latent_dims": (2, 2), "map_blocks": (1,)},
            "^blocks must have 3 entries, one per scale; got 1$",
        ),
        (
            {"map_stride": 2, "latent_dims": (2, 2), "image_size": 30},
            "^the image size must be a multiple of 4 for 3 scales, got 30$",
        ),
        (
            {"map_stride": 2, "latent_dims": (2, 2), "map_layers": 0},
            "^layers must be at least 1, got 0",
        ),
        ({"levels": 1}, "^levels must be at least 2, got 1$"),
        (
            {"layers": 0, "upsampling": False},
            "^layers must be at least 1 without upsampling, ",
        ),
    ],
)
def test_what_cannot_be_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        (MapPixelVAE if "map_stride" in options else PixelVAE)(**options)


@pytest.mark.parametrize("name", ["upsampling", "map in color"])
def test_a_file_from_when_both_were_one_class_builds_the_right_one(name):
    model = build(name)
    both = {**PixelVAE().config, **MapPixelVAE().config, "map_stride": 0} | model.config
    again = build_model({"class": "dgm_helpers.models.pixelvae:PixelVAE", "config": both})
    assert type(again) is type(model) and again.config == model.config
    again.double().load_state_dict(model.state_dict())


def test_a_prior_of_a_map_given_the_layer_above_alone_is_refused():
    with pytest.raises(
        ValueError, match=r"^p\(z_1\|z_2\) of a map depends at each place on the places before it: use"
    ):
        build("map").prior(1, torch.zeros(1, 2).double())


def test_a_pixel_that_is_no_level_is_told():
    model = build("upsampling")
    with pytest.raises(ValueError, match=r"^pixels must be k / 1 with k = 0 … 1 for 2 levels, got "):
        model.loss(torch.full((2, 1, 4, 4), 0.5).double())
