"""FactorVAE: who receives which gradient, against separately computed objectives; its estimate of total correlation."""

import math

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.data import Sprites
from dgm_helpers.models.factor_vae import PRESETS, FactorVAE
from dgm_helpers.objectives.distributions import gaussian_sample, kl_to_standard_normal
from dgm_helpers.objectives.total_correlation import (
    discriminator_loss,
    gaussian_total_correlation,
    log_density_ratio,
    permute_dims,
    total_correlation,
)
from dgm_helpers.training import fit

SMALL = {"image_size": 16, "maps": (6, 8), "hidden": (12,), "latent_dim": 3, "discriminator_hidden": (10, 9),
         "gamma": 3.0}  # fmt: skip
SPRITES = data.rendered(Sprites(size=16), train=40, test=10, label="shape").train


def build(options=SMALL, dtype=torch.float64):
    torch.manual_seed(0)
    return FactorVAE(**options).to(dtype)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gradients(model, objective):
    model.zero_grad()
    objective.backward()
    return {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}


def is_discriminators(name):
    return name.startswith("discriminator")


def by_the_book(model, x):
    """Both players' objectives as algorithm 2 writes them, each with a discriminator pass of its own."""
    generator, half = seeded(), len(x) // 2
    mu, log_sigma = model.encode(x[:half])
    z = gaussian_sample(mu, log_sigma, generator)
    permuted = permute_dims(gaussian_sample(*model.encode(x[half:]), generator), generator)
    elbo = model.log_likelihood(x[:half], z).mean() - kl_to_standard_normal(mu, log_sigma).mean()
    vae = -elbo + model.gamma * total_correlation(model.discriminator(z))
    return vae, discriminator_loss(model.discriminator(z.detach()), model.discriminator(permuted.detach()))


def test_one_backward_gives_each_player_its_own_gradient():
    model, x = build(), SPRITES[:12].double()
    terms = model.loss(x, seeded())
    vae, discriminator = by_the_book(model, x)
    torch.testing.assert_close(terms["vae"], vae)
    torch.testing.assert_close(terms["discriminator"], discriminator)
    together, for_vae = gradients(model, terms["loss"]), gradients(model, by_the_book(model, x)[0])
    for_discriminator = gradients(model, by_the_book(model, x)[1])
    for name, gradient in together.items():
        expected = (for_discriminator if is_discriminators(name) else for_vae)[name]
        torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-12)
        if is_discriminators(name):  # the players disagree, so that the test would see them mixed up
            assert (for_vae[name] - for_discriminator[name]).abs().max() > 1e-6


def test_the_discriminators_loss_does_not_reach_the_encoder():
    model = build()
    for name, gradient in gradients(
        model, model.loss(SPRITES[:8].double(), seeded())["discriminator"]
    ).items():
        assert (
            (gradient is not None and gradient.abs().max() > 0)
            if is_discriminators(name)
            else gradient is None
        )


def test_the_total_correlation_reaches_the_encoder_alone():
    model = build()
    terms = model.loss(SPRITES[:8].double(), seeded())
    for name, gradient in gradients(model, terms["total_correlation"]).items():
        reached = gradient is not None and gradient.abs().max() > 0
        assert reached == name.startswith("encoder"), name


def test_gradients_are_those_of_finite_differences():
    model = build()
    z = torch.randn(5, 3, dtype=torch.float64, generator=seeded(), requires_grad=True)
    permuted = torch.randn(4, 3, dtype=torch.float64, generator=seeded(1))
    assert torch.autograd.gradcheck(lambda z: model.discriminator(z)[:, 0].sum(), (z,))
    (gradient,) = torch.autograd.grad(model.play(z, permuted)[0], z)
    for i, j in ((0, 0), (3, 2)):
        step = torch.zeros_like(z)
        step[i, j] = 1e-6
        up, down = (model.play((z + s * step).detach(), permuted)[0] for s in (1, -1))
        assert gradient[i, j].item() == pytest.approx((up - down).item() / 2e-6, rel=1e-4)


def test_without_gradients_it_reports_the_same_numbers():
    model, x = build().eval(), SPRITES[:8].double()
    with torch.no_grad():
        quiet = model.loss(x, seeded())
    for name, value in model.loss(x, seeded()).items():
        torch.testing.assert_close(quiet[name], value.detach())


def test_the_discriminator_learns_the_total_correlation_of_a_gaussian():
    """D alone, trained on Gaussian codes of correlation 0.8: its estimate against -log det R / 2 = 0.511 nats."""
    model = build({**SMALL, "latent_dim": 2, "discriminator_hidden": (64, 64)}, torch.float32)
    covariance = torch.tensor([[1.0, 0.8], [0.8, 1.0]])
    optimizer = torch.optim.Adam(model.discriminator.parameters(), 3e-3)
    generator = seeded()
    for _ in range(400):
        z, other = (data.gaussian(torch.zeros(2), covariance, 512, generator) for _ in range(2))
        optimizer.zero_grad()
        model.play(z, permute_dims(other, generator))[1].backward()
        optimizer.step()
    z = data.gaussian(torch.zeros(2), covariance, 20_000, generator)
    ratio = log_density_ratio(model.discriminator(z).detach())
    exact = gaussian_total_correlation(covariance)
    # Sampling adds 0.005; what is left is the discriminator's own error.
    assert ratio.mean().item() == pytest.approx(exact.item(), abs=0.08)
    assert ratio.std() / math.sqrt(len(z)) < 0.01


def test_parameter_groups_hold_every_parameter_once_with_its_players_settings():
    model = build({**SMALL, "discriminator_rate": 0.5})
    vae, discriminator = model.parameter_groups(1e-3)
    assert sorted(map(id, [*vae["params"], *discriminator["params"]])) == sorted(map(id, model.parameters()))
    assert {id(p) for p in discriminator["params"]} == {id(p) for p in model.discriminator.parameters()}
    assert (vae["lr"], discriminator["lr"]) == (1e-3, 5e-4)
    assert (vae["betas"], discriminator["betas"]) == ((0.9, 0.999), (0.5, 0.9))


def test_it_overfits_sixteen_images():
    model = build({**SMALL, "maps": (16, 32), "hidden": (64,), "latent_dim": 8, "gamma": 0.1}, torch.float32)
    x = SPRITES[:16]
    fit(model, x, steps=450, batch_size=16, learning_rate=5e-3, log_every=450)
    assert ((model.reconstruct(x) > 0.5) != (x > 0.5)).float().mean() < 0.02 < x.mean() / 2


def test_one_step_under_bf16_keeps_logits_of_the_ratio_in_float32():
    model = build(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(SPRITES[:8], seeded())
    assert all(term.dtype == torch.float32 and term.isfinite() for term in terms.values())
    terms["loss"].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_it_is_built_again_from_its_configuration():
    model = build()
    again = FactorVAE(**model.config).double()
    again.load_state_dict(model.state_dict())
    x = SPRITES[:4].double()
    assert torch.equal(again.loss(x, seeded())["loss"], model.loss(x, seeded())["loss"])


def test_the_papers_networks():
    with torch.device("meta"):
        model = FactorVAE(**PRESETS["paper"])
    weights = [tuple(p.shape) for name, p in model.named_parameters() if name.endswith("weight")]
    assert weights[:6] == [
        (32, 1, 4, 4),
        (32, 32, 4, 4),
        (64, 32, 4, 4),
        (64, 64, 4, 4),
        (128, 1024),
        (20, 128),
    ]
    assert weights[-7:] == [(1000, 10), *[(1000, 1000)] * 5, (2, 1000)]
    slopes = [layer.negative_slope for layer in model.discriminator if hasattr(layer, "negative_slope")]
    assert slopes == [0.2] * 6


def test_nan_is_reported_and_one_image_is_refused():
    x = SPRITES.clone()
    x[:, 0, 2, 2] = torch.nan
    with pytest.raises(FloatingPointError, match="step 1"):
        fit(build(dtype=torch.float32), x, steps=2, batch_size=40)
    with pytest.raises(ValueError, match="batch must have at least 2 images"):
        build().loss(SPRITES[:1].double())


@pytest.mark.parametrize("n", [2, 3, 5])
def test_odd_batches_leave_no_image_out(n):
    model = build()
    seen = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    assert model.loss(SPRITES[:n].double(), seeded())["loss"].isfinite()
    assert sum(seen) == n
