"""β-VAE: what is minimized, that the ELBO stays one, the ramp of the capacity, its networks and traversals."""

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.data import Sprites
from dgm_helpers.models.beta_vae import PRESETS, TRAINING, BetaVAE
from dgm_helpers.objectives.distributions import gaussian_sample, kl_per_unit, kl_to_standard_normal
from dgm_helpers.training import fit

SMALL = {"image_size": 16, "maps": (6, 8), "hidden": (12,), "latent_dim": 3}
VARIANTS = {
    "conv": SMALL,
    "perceptron": {
        **SMALL,
        "maps": (),
        "hidden": (12, 11),
        "decoder_hidden": (9,),
        "decoder_activation": "tanh",
    },
    "color": {**SMALL, "image_channels": 3, "likelihood": "gaussian"},
    "capacity": {**SMALL, "capacity": 5.0, "gamma": 10.0, "ramp_steps": 4},
}
SPRITES = data.rendered(Sprites(size=16), train=40, test=10, label="shape").train


def build(options, dtype=torch.float64):
    torch.manual_seed(0)
    return BetaVAE(**options).to(dtype)


def images(model, n=6):
    channels = model.config["image_channels"]
    return SPRITES[:n].expand(-1, channels, -1, -1).to(next(model.parameters()))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(params=VARIANTS)
def model(request):
    return build(VARIANTS[request.param])


def test_shapes_and_types(model):
    x = images(model)
    mu, log_sigma = model.encode(x)
    assert mu.shape == log_sigma.shape == (6, 3)
    assert model.reconstruct(x).shape == x.shape and model.sample(4, seeded()).shape == (4, x[0].numel())
    assert model.bound(x, 5, seeded()).shape == (6,)
    assert all(term.ndim == 0 and term.isfinite() for term in model.loss(x, seeded()).values())


@torch.no_grad()
def test_what_is_reported_as_elbo_is_the_elbo_whatever_is_minimized(model):
    model.eval()
    x = images(model)
    terms = model.loss(x, seeded())
    torch.testing.assert_close(terms["elbo"], terms["reconstruction"] - terms["kl"])
    torch.testing.assert_close(terms["kl"], kl_to_standard_normal(*model.encode(x)).mean())
    # The single-sample bound has the ELBO as its mean: 2,000 draws each, five standard errors, false alarm 6e-7.
    many = x.repeat(2_000, 1, 1, 1)
    draws = model.bound(many, 1, seeded(1)).view(2_000, 6).mean(dim=1)
    mu, log_sigma = model.encode(many)
    elbos = (
        model.log_likelihood(many, gaussian_sample(mu, log_sigma, seeded(2))).view(2_000, 6).mean(dim=1)
        - terms["kl"]
    )
    assert (draws.mean() - elbos.mean()).abs() < 5 * ((draws.var() + elbos.var()) / 2_000).sqrt()


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_is_the_weight_of_the_kl(beta):
    model = build({**SMALL, "beta": beta})
    terms = model.loss(images(model), seeded())
    torch.testing.assert_close(terms["loss"], beta * terms["kl"] - terms["reconstruction"])


def test_the_capacity_grows_with_each_update_and_ends_exactly():
    model = build(VARIANTS["capacity"])
    x = images(model)
    targets = []
    for _ in range(6):
        terms = model.loss(x, seeded())
        targets.append(terms["capacity"].item())
        penalty = 10 * (terms["kl"] - terms["capacity"]).abs()
        torch.testing.assert_close(terms["loss"], penalty - terms["reconstruction"])
    assert targets == [1.25, 2.5, 3.75, 5, 5, 5]
    assert model.eval().loss(x, seeded())["capacity"] == 5 and model.updates == 6


def test_the_ramp_is_part_of_the_state():
    model, other = build(VARIANTS["capacity"]), build(VARIANTS["capacity"])
    model.loss(images(model))
    other.load_state_dict(model.state_dict())
    assert other.updates == 1


def test_it_is_built_again_from_its_configuration(model):
    again = type(model)(**model.config).double()
    again.load_state_dict(model.state_dict())
    x = images(model)
    torch.testing.assert_close(again.reconstruct(x), model.reconstruct(x))


@pytest.mark.parametrize("variant", ["conv", "perceptron"])
def test_it_overfits_sixteen_images(variant):
    model = build({**VARIANTS[variant], "beta": 1.0, "maps": VARIANTS[variant]["maps"] and (16, 32), "hidden": (64,),
                   "decoder_hidden": None, "latent_dim": 8}, torch.float32)  # fmt: skip
    x = SPRITES[:16]
    fit(model, x, steps=400, batch_size=16, learning_rate=5e-3, log_every=400)
    wrong = ((model.reconstruct(x) > 0.5) != (x > 0.5)).float().mean()
    assert wrong < 0.02 < x.mean() / 2  # a black picture is more than twice as wrong


def test_one_step_under_bf16_keeps_likelihood_and_kl_in_float32():
    model = build(SMALL, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(images(model), seeded())
    assert all(term.dtype == torch.float32 for term in terms.values())
    terms["loss"].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_nan_is_reported():
    x = SPRITES.clone()
    x[3, 0, 2, 2] = torch.nan
    with pytest.raises(FloatingPointError, match="step 1"):
        fit(build(SMALL, torch.float32), x, steps=2, batch_size=40)


def test_order_and_traversal():
    model = build(SMALL)
    x = images(model)
    order = model.order_by_kl(x)
    kl = kl_per_unit(*model.encode(x)).mean(dim=0)
    assert torch.equal(kl[order], kl.sort(descending=True).values)
    values = torch.linspace(-2, 2, 5)
    pictures = model.traverse(x[:1], order, values)
    assert pictures.shape == (3, 5, 256)
    mu, _ = model.encode(x[:1])
    z = mu[0].clone()
    z[order[1]] = values[3]
    torch.testing.assert_close(pictures[1, 3], model.mean_image(z))
    # A row's dimension is the one that is named, not its number.
    named = model.traverse(x[:1], (2, 0), values)
    for row, dimension in enumerate((2, 0)):
        z = mu.expand(5, -1).clone()
        z[:, dimension] = values.double()
        torch.testing.assert_close(named[row], model.mean_image(z))


def test_the_paper_presets_have_the_papers_networks():
    def kinds(network):
        return [type(layer).__name__ for layer in network]

    with torch.device("meta"):
        burgess, higgins = BetaVAE(**PRESETS["paper"]), BetaVAE(**PRESETS["higgins"])
    weights = [tuple(p.shape) for name, p in burgess.encoder.named_parameters() if name.endswith("weight")]
    assert weights == [(32, 1, 4, 4), *[(32, 32, 4, 4)] * 3, (256, 512), (256, 256), (20, 256)]
    weights = [tuple(p.shape) for name, p in burgess.decoder.named_parameters() if name.endswith("weight")]
    assert weights == [(256, 10), (256, 256), (512, 256), *[(32, 32, 4, 4)] * 3, (32, 1, 4, 4)]
    assert kinds(higgins.decoder) == ["Linear", "Tanh"] * 3 + ["Linear"]
    assert kinds(higgins.encoder) == ["Linear", "ReLU"] * 2 + ["Linear"]
    tanh = BetaVAE(**{**SMALL, "decoder_activation": "tanh"})
    assert kinds(tanh.decoder) == ["Linear", "Tanh", "Linear", "Tanh", "ToMaps", "ConvTranspose2d", "Tanh",
                                   "ConvTranspose2d", "Flatten"]  # fmt: skip
    assert set(TRAINING) == set(PRESETS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 20, "maps": (4, 4, 4)}, "must be a multiple of 8 for 3 strides of 2"),
        ({"decoder_activation": "swish"}, "decoder_activation must be one of relu, tanh; got 'swish'"),
        ({"likelihood": "poisson"}, "likelihood must be one of"),
        ({"ramp_steps": 0}, "ramp_steps must be at least 1"),
    ],
)
def test_wrong_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        BetaVAE(**{**SMALL, **options})
