"""NICE and Real NVP: exact densities, so every claim has an exact oracle. A new flow is tested by adding it."""

import copy
import math

import pytest
import torch

from dgm_helpers import checks, data
from dgm_helpers.data.dequantization import dequantize
from dgm_helpers.metrics.bits_per_dimension import bits_per_dim_of_images
from dgm_helpers.models import nice, real_nvp
from dgm_helpers.models.nice import NICE, StandardLogistic
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.models.real_nvp import RealNVP, ResidualNetwork, Scale
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
SMALL = {"image_channels": 1, "image_size": 4, "features": 4, "residual_blocks": 1, "scales": 2, "levels": 17}
MODELS = {
    "nice, logistic": (NICE, {"data_dim": 16, "hidden": (12, 8), "levels": 17}),
    "nice, gaussian, odd": (NICE, {"data_dim": 7, "hidden": (9,), "couplings": 3, "prior": "gaussian", "levels": None}),
    "nice, two dimensions": (NICE, {"data_dim": 2, "hidden": (8,), "levels": None}),
    "real nvp": (RealNVP, SMALL),
    "real nvp, color, three scales": (RealNVP, {**SMALL, "image_channels": 3, "image_size": (4, 8), "scales": 3}),
    "real nvp, one scale": (RealNVP, {**SMALL, "image_size": (1, 2), "scales": 1, "levels": None}),
}  # fmt: skip
SHAPES = {"nice, logistic": (1, 4, 4), "nice, gaussian, odd": (7,), "nice, two dimensions": (2,),
          "real nvp": (1, 4, 4), "real nvp, color, three scales": (3, 4, 8),
          "real nvp, one scale": (1, 1, 2)}  # fmt: skip


def perturbed(name):
    """A model away from its start, whose networks do something and whose statistics are not the standard ones."""
    torch.manual_seed(0)
    kind, config = MODELS[name]
    model = kind(**config).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
        for buffer_name, buffer in model.named_buffers():
            if buffer_name.endswith("running_mean"):
                buffer.add_(0.2 * torch.randn_like(buffer))
            if buffer_name.endswith("running_var"):
                buffer.mul_(0.5 + torch.rand_like(buffer))
    return model.eval()


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture
def model(name):
    return perturbed(name)


@pytest.fixture
def x(name, generator):
    return torch.rand(4, *SHAPES[name], generator=generator, dtype=torch.float64)


@torch.no_grad()
def test_decode_undoes_encode_in_both_directions(model, x):
    torch.testing.assert_close(model.decode(model.encode(x)).view_as(x), x, rtol=1e-10, atol=1e-10)
    z = model.prior.sample(5)
    torch.testing.assert_close(model.encode(model.decode(z)), z, rtol=1e-8, atol=1e-8)


@torch.no_grad()
def test_round_trip_in_float32(name):
    model, x = perturbed(name).float(), torch.rand(4, *SHAPES[name])
    assert (model.decode(model.encode(x)).view_as(x) - x).abs().max() < 1e-4


def test_log_prob_is_the_priors_with_the_jacobian(model, x):
    expected = []
    for row in x:
        jacobian = torch.autograd.functional.jacobian(lambda r: model.encode(r[None])[0], row)
        log_det = torch.linalg.slogdet(jacobian.reshape(row.numel(), row.numel()))[1]
        expected.append(model.prior.log_prob(model.encode(row[None]))[0] + log_det)
    torch.testing.assert_close(model.log_prob(x), torch.stack(expected), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["nice, two dimensions", "real nvp, one scale"])
@torch.no_grad()
def test_the_density_integrates_to_one(name):
    model = perturbed(name)
    if isinstance(model, RealNVP):
        # Supported where alpha + (1 - 2 alpha) x lies in (0, 1); the midpoint rule, finer towards the borders.
        edge = model.alpha / (1 - 2 * model.alpha)
        logits = torch.linspace(-10, 10, 301, dtype=torch.float64)
        axis = torch.sigmoid(logits) * (1 + 2 * edge) - edge
        weight = torch.sigmoid(logits) * torch.sigmoid(-logits) * (1 + 2 * edge) * (20 / 300)
    else:
        axis = torch.linspace(-60, 60, 1201, dtype=torch.float64)
        weight = torch.full_like(axis, 0.1)
    density = model.log_prob(torch.cartesian_prod(axis, axis).view(-1, *SHAPES[name])).exp()
    total = (density * torch.cartesian_prod(weight, weight).prod(dim=1)).sum().item()
    assert total == pytest.approx(1, abs=1e-4)


@torch.no_grad()
def test_samples_follow_the_density(model, generator):
    """Encoded again they are draws from the prior: known mean and variance of each latent."""
    z = model.encode(model.sample(2000, generator))
    variance = math.pi**2 / 3 if isinstance(model.prior, StandardLogistic) else 1.0
    checks.mean_equals("latent", z, torch.zeros(z.shape[1]))
    checks.mean_equals("its square", z**2, torch.full((z.shape[1],), variance))


def test_loss_and_its_terms(model, x, generator):
    terms = model.loss(x, torch.Generator().manual_seed(1))
    assert set(terms) == {"loss", "log_prior", "log_det"} and all(term.shape == () for term in terms.values())
    torch.testing.assert_close(terms["loss"], -terms["log_prior"] - terms["log_det"])
    levels = model.config["levels"]
    noisy = dequantize(x, levels, torch.Generator().manual_seed(1)) if levels else x
    torch.testing.assert_close(terms["loss"], -model.log_prob(noisy).mean())


def test_gradients_reach_every_parameter(model, x, generator):
    model.train().loss(x, generator)["loss"].backward()
    for parameter_name, parameter in model.named_parameters():
        # A bias in front of batch normalization cancels: its gradient is zero up to rounding.
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


def test_the_config_rebuilds_the_model(model, x):
    again = type(model)(**model.config).double().eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.log_prob(x), model.log_prob(x))
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    assert torch.equal(again.sample(3, one), model.sample(3, other))


def test_shapes_and_dtypes(name, generator):
    for dtype in (torch.float32, torch.float64):
        model = perturbed(name).to(dtype)
        x = torch.rand(3, *SHAPES[name], dtype=dtype)
        z, log_prob, sample = model.encode(x), model.log_prob(x), model.sample(2, generator)
        assert z.shape == (3, x[0].numel()) and log_prob.shape == (3,)
        assert sample.shape == ((2, x[0].numel()) if isinstance(model, NICE) else (2, *x.shape[1:]))
        assert z.dtype == log_prob.dtype == sample.dtype == dtype


@pytest.mark.parametrize("name", ["nice, logistic", "real nvp"])
def test_one_step_under_bfloat16_autocast_keeps_densities_in_float32(name, generator):
    model = perturbed(name).float().train()
    x = DIGITS[:8, :, 2:6, 2:6]
    network = model.couplings[0].network if isinstance(model, NICE) else model.scales[0].fine[0].network
    dtypes = []
    network.register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, generator)
    assert dtypes == [torch.bfloat16]
    assert all(term.dtype == torch.float32 and torch.isfinite(term) for term in terms.values())
    terms["loss"].backward()
    optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("name", "options", "steps", "learning_rate"),
    [
        ("nice, logistic", {"data_dim": 64, "hidden": (64, 64)}, 300, 1e-2),
        ("real nvp", {"image_size": 8}, 100, 1e-2),
    ],
)
def test_a_model_overfits_sixteen_images(name, options, steps, learning_rate):
    torch.manual_seed(0)
    kind, config = MODELS[name]
    model, images = kind(**{**config, **options}), DIGITS[:16]
    history = fit(model, images, steps=steps, batch_size=16, learning_rate=learning_rate, log_every=10)
    assert history["loss"][-1] < history["loss"][0]
    with torch.no_grad():
        of_them, of_others = (
            bits_per_dim_of_images(model, batch, torch.Generator().manual_seed(0)).mean().item()
            for batch in (images, DIGITS[16:80])
        )
    # Knowing nothing costs log2(17) = 4.1 bits a pixel; the images seen cost less, others more than they.
    assert of_them < 3 and of_them < of_others - 0.5


@pytest.mark.parametrize("name", ["nice, logistic", "real nvp"])
def test_nan_in_the_data_is_told_by_the_loop(name):
    images = DIGITS[:8, :, 2:6, 2:6].clone()
    images[:, 0, 1, 1] = float("nan")
    model = perturbed(name).float()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(model, images, steps=3)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("model_file", [nice, real_nvp])
def test_presets_build(model_file):
    kind = NICE if model_file is nice else RealNVP
    for preset in model_file.PRESETS.values():
        model = kind(**preset)
        assert model.levels == 256 and {**model.config, **preset} == model.config


def test_nice_before_training_changes_no_volume():
    model = NICE(data_dim=5, hidden=(4,))
    assert model.transform(torch.randn(3, 5))[1].tolist() == [0.0, 0.0, 0.0]
    with torch.no_grad():
        model.log_scale.copy_(torch.arange(5.0))
    assert model.transform(torch.randn(3, 5))[1].tolist() == [10.0, 10.0, 10.0]


def test_three_couplings_let_every_coordinate_influence_every_latent_and_two_do_not(generator):
    for couplings, all_of_them in ((3, True), (2, False)):
        torch.manual_seed(0)
        model = NICE(data_dim=6, hidden=(16,), couplings=couplings).double()
        x = torch.randn(6, generator=generator, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda r, m=model: m.encode(r[None])[0], x)
        assert bool((jacobian != 0).all()) == all_of_them


def test_nice_samples_from_the_prior_it_is_trained_with(generator):
    prior = NICE(data_dim=2, hidden=(4,)).double().prior
    z = prior.sample(50_000, generator)
    checks.mean_equals("square", z**2, torch.full((2,), math.pi**2 / 3))  # 1.81², not 1
    # E log p is minus the entropy of the logistic law, 2 nats a dimension.
    checks.mean_equals("log p", prior.log_prob(z), -4.0)
    far = prior.log_prob(torch.tensor([[200.0, -200.0]], dtype=torch.float64))
    assert far.item() == -400


def test_the_networks_and_the_prior_of_nice_are_those_asked_for():
    model = NICE(data_dim=5, hidden=(7, 6), prior="gaussian")
    for coupling, (kept, changed) in zip(model.couplings, [(3, 2), (2, 3)] * 2, strict=True):
        shapes = [tuple(p.shape) for p in coupling.network.parameters() if p.ndim == 2]
        assert shapes == [(7, kept), (6, 7), (changed, 6)]
        kinds = [type(layer).__name__ for layer in coupling.network]
        assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert isinstance(model.prior, StandardNormal)
    assert isinstance(NICE(data_dim=5, hidden=(7,)).prior, StandardLogistic)


def test_a_uniform_of_zero_gives_a_finite_logistic_sample(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **kw: torch.zeros(shape))
    assert torch.isfinite(StandardLogistic(latent_dim=3).sample(2)).all()


def test_real_nvp_starts_as_the_logit_and_its_latents_are_all_of_the_image():
    torch.manual_seed(0)
    model = (
        RealNVP(**{**SMALL, "image_channels": 3, "image_size": 8, "scales": 3, "levels": None})
        .double()
        .eval()
    )
    x = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    z = model.encode(x)
    assert z.shape == (2, 192)
    # A new model moves values and scales them by (1 + eps) ** -1/2 in each batch normalization, no more.
    assert [scale.latent_shape for scale in model.scales] == [(6, 4, 4), (12, 2, 2), (12, 2, 2)]
    expected = torch.logit(0.05 + 0.9 * x).flatten(1).sort(dim=1).values
    torch.testing.assert_close(z.sort(dim=1).values, expected, rtol=2e-3, atol=2e-3)


def test_evaluation_takes_each_image_on_its_own_and_training_the_batch(generator):
    model, x = perturbed("real nvp"), torch.rand(4, 1, 4, 4, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(model.log_prob(x)[:2], model.log_prob(x[:2]))
    model.train()
    assert not torch.allclose(model.log_prob(x)[:2], model.log_prob(x[:2]))


@torch.no_grad()
def test_samples_of_a_model_in_training_mode_are_those_of_evaluation_and_count_in_no_statistics(model):
    expected = model.sample(5, torch.Generator().manual_seed(1))
    before = copy.deepcopy(model.state_dict())
    assert torch.equal(model.train().sample(5, torch.Generator().manual_seed(1)), expected)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(part.training for part in model.modules())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NICE(prior="cauchy"), "^prior must be one of logistic, gaussian; got 'cauchy'$"),
        (lambda: NICE(data_dim=1), "^data_dim must be at least 2 and couplings at least 1, got 1 and 4$"),
        (lambda: NICE(couplings=0), "^data_dim must be at least 2 and couplings at least 1, got 784 and 0$"),
        (lambda: NICE(data_dim=3).encode(torch.zeros(2, 4)), "^this model takes 3 numbers per data point, got 4$"),
        (lambda: RealNVP(image_size=30, scales=3), "^images of 30×30 pixels cannot be divided into 3 sc"),
        (lambda: RealNVP(image_size=4, scales=3), "^images of 4×4 pixels cannot be divided into 3 sc"),
        (lambda: RealNVP(alpha=0.5), "^alpha must be between 0 and 1/2, got 0.5$"),
        (lambda: RealNVP(**SMALL).encode(torch.zeros(2, 3, 4, 4)),
         r"^images must have the shape \(1, 4, 4\), got \(3, 4, 4\)$"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_masks_of_real_nvp_take_turns_and_its_scales_double_their_features():
    model = RealNVP(**{**SMALL, "image_size": 8, "features": 5, "scales": 3})
    for number, scale in enumerate(model.scales):
        fine, coarse = scale.fine[::2], scale.coarse[::2]
        corners = [bool(coupling.partition.mask[0, 0]) for coupling in fine]
        assert corners == ([True, False, True, False] if scale.last else [True, False, True])
        halves = [coupling.partition.kept[0].item() == 0 for coupling in coarse]
        assert halves == ([] if scale.last else [True, False, True])
        widths = [coupling.network.first.bias.numel() for coupling in (*fine, *coarse)]
        assert widths == [5 * 2**number] * len(fine) + [10 * 2**number] * len(coarse)


def test_the_loss_of_real_nvp_is_penalised_by_the_squares_of_its_scales():
    """Section 4.1, by the optimizer: what it adds to a gradient is that of 5e-5 times the squares' sum, for scales."""
    model = RealNVP(**SMALL)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = model.parameter_groups(0.1)
    assert sorted(id(parameter) for group in groups for parameter in group["params"]) == sorted(names)
    assert {group["lr"] for group in groups} == {0.1}
    for group in groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            # The magnitudes of weight normalization, and what the couplings multiply tanh by; no direction, no bias.
            scale = name.endswith("original0") or (name.endswith("scale") and "network" not in name)
            (penalty,) = torch.autograd.grad(5e-5 * parameter.square().sum(), parameter)
            expected = penalty if scale else torch.zeros_like(parameter)
            torch.testing.assert_close(group.get("weight_decay", 0.0) * parameter, expected)


@pytest.mark.parametrize("part", ["fine", "coarse"])
def test_every_value_is_changed_by_some_coupling_of_a_scale(part, generator):
    """With the same mask in each layer half of the values would only be normalized: a Jacobian with empty rows."""
    torch.manual_seed(0)
    scale = Scale((1, 4, 4), 4, 1, last=False).double().eval()
    with torch.no_grad():
        for parameter in scale.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.randn(*((1, 4, 4) if part == "fine" else (4, 2, 2)), generator=generator, dtype=torch.float64)

    def through(x):
        for layer in getattr(scale, part):
            x, _ = layer(x)
        return x.flatten()

    jacobian = torch.autograd.functional.jacobian(lambda x: through(x[None]), x).view(16, 16)
    others = jacobian - jacobian.diagonal().diag()
    assert (others.abs().sum(dim=1) > 0).all()


@torch.no_grad()
def test_the_networks_of_real_nvp_are_residual(generator):
    torch.manual_seed(0)
    network = ResidualNetwork(2, 4, 6, 2).double().eval()
    for parameter in network.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.randn(3, 2, 5, 5, generator=generator, dtype=torch.float64)
    features = network.first(x)
    for norm, _, conv, second_norm, _, second_conv in network.blocks:
        features = features + second_conv(second_norm(conv(norm(features).relu())).relu())
    norm, _, conv = network.last
    torch.testing.assert_close(network(x), conv(norm(features).relu()))
