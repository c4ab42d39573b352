"""VLAE: what the window sees, the flow in the prior or in the posterior, free bits."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn

from dgm_helpers import checks, data
from dgm_helpers.models.vlae import PRESETS, VLAE
from dgm_helpers.training import fit

DIGITS = data.load("digits").train
SMALL = {"image_size": 8, "latent_dim": 3, "channels": (4, 6), "local_channels": 6, "local_layers": 2,
         "flow_hidden": (9,)}  # fmt: skip
FLOWS = pytest.mark.parametrize("flow", ["prior", "posterior"])


def vlae(**options):
    """A model in float64 with random parameters."""
    torch.manual_seed(0)
    model = VLAE(**{**SMALL, **options}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def images(n=6):
    return DIGITS[:n].round().double()


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def seen(model, channels=1):
    """Whether a sub-pixel's logits (first axes) depend on a sub-pixel (last axes), [h w c, h w c] in raster order."""
    total, size = 0, model.image_shape[1]
    for _ in range(4):  # a ReLU may be shut for one image
        x = torch.randint(2, (channels, size, size)).double()
        z = torch.randn(1, 3).double()
        jacobian = torch.autograd.functional.jacobian(
            lambda x, z=z: model.decoder(x[None], z)[0].sum(0).permute(1, 2, 0), x
        )
        total = total + jacobian.permute(0, 1, 2, 4, 5, 3).abs()
    count = size * size * channels
    return total.reshape(count, count) > 0


def window(size, radius):
    """The pixels that stand earlier in raster order and within ``radius`` rows and columns."""
    row, column = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(size)] * 2, indexing="ij"))
    near = ((row[:, None] - row).abs() <= radius) & ((column[:, None] - column).abs() <= radius)
    return near & torch.ones(size**2, size**2, dtype=torch.bool).tril(-1)


@pytest.mark.parametrize("radius", [0, 1, 2])
def test_one_layer_sees_exactly_its_window(radius):
    model = vlae(local_layers=1, kernel_size=2 * radius + 1, local_channels=16)
    assert torch.equal(seen(model), window(8, radius))


def test_a_stack_sees_earlier_pixels_of_its_window_alone():
    pattern = seen(vlae(local_layers=2))
    assert not (pattern & ~window(8, 2)).any()
    assert (pattern & ~window(8, 1)).any() and (pattern | ~window(8, 1)).all()


@pytest.mark.parametrize("levels", [2, 3])
def test_colors_are_seen_in_their_order(levels):
    sizes = {"image_size": 4, "local_layers": 1, "kernel_size": 1, "local_channels": 18}
    model = vlae(image_channels=3, levels=levels, **sizes)
    pattern = seen(model, channels=3)
    within = torch.ones(3, 3, dtype=torch.bool).tril(-1)
    assert torch.equal(pattern, torch.block_diag(*[within] * 16).bool())


@torch.no_grad()
def test_the_masked_layers_are_residual_and_each_is_told_its_part_of_the_code():
    """The decoder by hand: relu of convolution and code, added from the second layer on."""
    model, x, z = vlae(local_layers=3), images(), torch.randn(6, 3).double()
    decoder = model.decoder
    codes, features = decoder.from_code(z).chunk(3, dim=1), 2 * x - 1
    for i, (layer, code) in enumerate(zip(decoder.layers, codes, strict=True)):
        update = (layer(features) + code).relu()
        features = update if i == 0 else features + update
    expected = decoder.output(decoder.head(features).relu())
    torch.testing.assert_close(decoder(x, z)[:, :, 0], expected)


def test_every_sub_pixel_depends_on_every_latent():
    model, x = vlae(), images(1)
    total = sum(
        torch.autograd.functional.jacobian(
            lambda z: model.decoder(x, z)[0, 0, 0], torch.randn(1, 3).double()
        ).abs()
        for _ in range(8)
    )
    assert (total > 0).all()


@torch.no_grad()
def test_probabilities_of_all_images_sum_to_one_for_each_code():
    model = vlae(image_size=4, channels=(2, 2), local_channels=2)
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=16))).double().view(-1, 1, 4, 4)
    for z in torch.randn(2, 3).double():
        total = model.log_likelihood(every, z.expand(1, len(every), 3)).exp().sum()
        torch.testing.assert_close(total, torch.ones(()).double(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    "options", [{}, {"levels": 4}, {"image_channels": 3, "levels": 3}, {"kernel_size": 1}]
)
@torch.no_grad()
def test_cached_images_are_the_naive_ones(options):
    model, z = vlae(**options), torch.randn(5, 3).double()
    cached, naive = (model.decode(z, seeded(), cached=choice) for choice in (True, False))
    assert torch.equal(cached, naive) and cached.shape == (5, *model.image_shape)


@torch.no_grad()
def test_the_flow_costs_the_same_in_prior_and_posterior_and_decodes_another_code():
    before, after = vlae(flow="prior"), vlae(flow="posterior")
    x = images()
    (z, kl), (epsilon, other_kl) = (model.posterior_sample(x, 3, seeded()) for model in (before, after))
    assert torch.equal(kl, other_kl)
    torch.testing.assert_close(before.prior.flow(z)[0], epsilon, rtol=0, atol=0)
    # With the flow's inverse before the decoder both are one model: section 3.2 of the paper.
    deeper = copy.deepcopy(after)
    deeper.decoder.from_code = nn.Sequential(Undo(before.prior.flow), *before.decoder.from_code)
    difference = before.bound(x, 5, seeded()) - deeper.bound(x, 5, seeded())
    assert difference.abs().max() < 1e-10


class Undo(nn.Module):
    """The inverse of a flow as a layer."""

    def __init__(self, flow):
        super().__init__()
        self.flow = flow

    def forward(self, epsilon):
        return self.flow.inverse(epsilon)


@FLOWS
@torch.no_grad()
def test_importance_weights_average_to_the_exact_p_of_x(flow, generator):
    """One latent: log p(x) by integration over it, from the model's parts."""
    model, x = vlae(flow=flow, latent_dim=1, image_size=4), images(3)[:, :, 2:6, 2:6]
    axis = torch.linspace(-15, 15, 3001, dtype=torch.float64)[:, None]
    prior = model.prior if flow == "prior" else model.prior.base
    grid = axis[:, None].expand(-1, 3, -1)
    log_joint = model.log_likelihood(x, grid) + prior.log_prob(grid)
    exact = log_joint.logsumexp(dim=0) + math.log(30 / 3000)
    z, log_ratio = model.posterior_sample(x, 20_000, generator)
    weights = torch.exp(model.log_likelihood(x, z) - log_ratio - exact)
    checks.mean_equals("weight", weights, torch.ones(3))
    assert (weights.log().mean(dim=0) < 0).all()


@torch.no_grad()
def test_each_image_is_judged_by_its_own_codes():
    model, x, z = vlae(), images(), torch.randn(4, 6, 3).double()
    together = model.log_likelihood(x, z)
    for k, b in itertools.product(range(4), range(6)):
        torch.testing.assert_close(
            together[k, b], model.log_likelihood(x[b : b + 1], z[k : k + 1, b : b + 1])[0, 0]
        )


@FLOWS
@torch.no_grad()
def test_a_reconstruction_is_drawn_at_the_code_of_the_posteriors_mean(flow):
    model, x = vlae(flow=flow), images()
    mu, _ = model.encode(x)
    torch.testing.assert_close(mu, model.encoder(2 * x - 1)[:, :3])  # pixels are read in [-1, 1]
    code = mu if flow == "prior" else model.prior.flow(mu)[0]
    assert torch.equal(model.reconstruct(x, seeded()), model.decode(code, seeded()))


@FLOWS
@torch.no_grad()
def test_codes_are_drawn_from_the_prior(flow):
    # The flow takes what the prior draws back to N(0, I); false-alarm rate 1e-6 a check.
    model, drawn = vlae(flow=flow), []
    model.decode = lambda z, generator: drawn.append(z) or torch.zeros(len(z), *model.image_shape)
    model.sample(4000, seeded())
    epsilon = model.prior.flow(drawn[0])[0] if flow == "prior" else drawn[0]
    checks.mean_equals("code", epsilon, torch.zeros(3))
    checks.mean_equals("its square", epsilon**2, torch.ones(3))


def test_free_nats_cost_nothing_and_do_not_enter_the_bound():
    exact, free = vlae(), vlae(free_nats=1e3)
    terms, free_terms = exact.loss(images(), seeded()), free.loss(images(), seeded())
    assert free_terms["kl"] == terms["kl"] and free_terms["elbo"] == terms["elbo"] == -terms["loss"]
    torch.testing.assert_close(free_terms["loss"], 1e3 - terms["reconstruction"])
    free_terms["loss"].backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in free.prior.parameters())
    torch.testing.assert_close(exact.bound(images(), 1, seeded()).mean(), terms["elbo"])


@FLOWS
def test_gradients_reach_every_parameter(flow):
    model = vlae(flow=flow)
    model.loss(images(), seeded())["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_a_model_overfits_sixteen_images():
    torch.manual_seed(0)
    model = VLAE(**{**SMALL, "channels": (16, 32), "latent_dim": 8})
    x = DIGITS[:16].round()
    before = float(model.bound(x, 10, seeded()).mean().detach())
    fit(model, x, steps=250, batch_size=16, learning_rate=1e-2)
    # Each of 16 equally likely images has -log 16 = -2.8 nats when all are known by heart.
    assert float(model.bound(x, 50, seeded()).mean().detach()) > -13 > -30 > before
    assert model.reconstruct(x, seeded()).shape == x.shape and model.sample(2, seeded()).shape == (2, 1, 8, 8)


def test_one_step_in_bfloat16_keeps_densities_in_float32():
    model, x = vlae().float(), images().float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    exact, outputs = model.loss(x, seeded()), []
    model.decoder.output.register_forward_hook(lambda _, __, value: outputs.append(value.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, seeded())
    assert outputs == [torch.bfloat16] and all(term.dtype == torch.float32 for term in terms.values())
    torch.testing.assert_close(terms["loss"], exact["loss"], rtol=0.05, atol=0.0)
    terms["loss"].backward()
    optimizer.step()
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_nan_in_the_data_is_told_by_the_loop():
    x = DIGITS[:8].round()
    x[0, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(vlae().float(), x, steps=1)


def test_the_config_rebuilds_the_model_and_presets_build():
    model = vlae(flow="posterior", free_nats=2.0)
    again = VLAE(**model.config).double()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.bound(images(), 2, seeded()), model.bound(images(), 2, seeded()))
    for preset in PRESETS.values():
        with torch.device("meta"):
            assert {**VLAE(**preset).config, **preset} == VLAE(**preset).config


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VLAE(levels=1), "^levels must be at least 2, got 1"),
        (lambda: VLAE(image_size=10), "^the image size must be a multiple of 4 for 2 strides of 2, got 10$"),
        (lambda: VLAE(flow="both"), "^flow must be one of prior, posterior; got 'both'$"),
        (lambda: VLAE(local_layers=0), "^layers must be at least 1, got 0"),
        (lambda: vlae().bound(images(), 0), "^the number of importance samples must be at least 1, got 0$"),
        (lambda: vlae().encode(torch.zeros(2, 1, 4, 4).double()), r"^images must have height and width \(8, 8\), got"),
        (lambda: vlae().loss(torch.full((2, 1, 8, 8), 0.5).double()), "^pixels must be k / 1 with .*got 0.5: "),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
