"""Losses of adversarial games: minimizers on a grid, naive formulas in float64, stability, and who gets a gradient."""

import math

import pytest
import torch

from dgm_helpers.objectives.adversarial import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
    minimax_generator_loss,
    optimal_discriminator,
)

SMOOTHINGS = pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])


def naive(real, fake, smoothing):
    d_real, d_fake = real.sigmoid(), fake.sigmoid()
    first = (1 - smoothing) * d_real.log() + smoothing * (1 - d_real).log()
    return -first.mean() - (1 - d_fake).log().mean()


@SMOOTHINGS
def test_the_losses_are_their_formulas(smoothing, generator):
    real, fake = torch.randn(2, 7, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(discriminator_loss(real, fake, smoothing), naive(real, fake, smoothing))
    torch.testing.assert_close(generator_loss(fake), -fake.sigmoid().log().mean())
    torch.testing.assert_close(minimax_generator_loss(fake), (1 - fake.sigmoid()).log().mean())


@SMOOTHINGS
def test_the_minimizer_is_the_closed_form_at_every_point(smoothing, generator):
    """Densities are masses on a grid: a logit a point, the loss minimized by Newton's method, point by point."""
    masses = torch.rand(2, 20, generator=generator, dtype=torch.float64)
    masses[0, 3] = masses[1, 5] * 1e-6  # nearly no data there
    real, fake = masses
    logits = torch.zeros(20, dtype=torch.float64, requires_grad=True)
    for _ in range(60):
        # The loss is linear in the masses: the value of a point, weighted, from batches of one.
        cells = [
            p * discriminator_loss(logit[None], logit.new_full((1,), -math.inf), smoothing)
            + q * discriminator_loss(logit.new_full((1,), math.inf), logit[None])
            for p, q, logit in zip(real, fake, logits, strict=True)
        ]
        (gradient,) = torch.autograd.grad(torch.stack(cells).sum(), logits)
        curvature = (real + fake) * logits.sigmoid() * (1 - logits.sigmoid())
        logits = (logits - (gradient / curvature).clamp(-1, 1)).detach().requires_grad_()
    torch.testing.assert_close(logits.sigmoid(), optimal_discriminator(real, fake, smoothing))
    torch.testing.assert_close(logits.sigmoid(), (1 - smoothing) * real / (real + fake))


def test_at_the_optimum_of_equal_densities_the_value_is_minus_two_log_two(generator):
    zero = torch.zeros(5, dtype=torch.float64)
    assert discriminator_loss(zero, zero).item() == pytest.approx(2 * math.log(2), abs=1e-12)


def test_smoothing_leaves_the_generated_side_alone(generator):
    real, fake = torch.randn(2, 6, generator=generator, dtype=torch.float64).requires_grad_()
    gradients = [
        torch.autograd.grad(discriminator_loss(real, fake, alpha), (real, fake)) for alpha in (0, 0.3)
    ]
    assert torch.equal(gradients[0][1], gradients[1][1])
    torch.testing.assert_close(gradients[1][0], (real.sigmoid() - 0.7) / 6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_extreme_logits_stay_finite_and_the_loss_is_float32_at_least(dtype):
    far = torch.tensor([-200.0, 200.0], dtype=dtype, requires_grad=True)
    for loss in (
        discriminator_loss(far, far, 0.1),
        generator_loss(far),
        minimax_generator_loss(far),
        feature_matching_loss(far[:, None], far[:, None]),
    ):
        assert loss.dtype == torch.promote_types(dtype, torch.float32) and torch.isfinite(loss)
        (gradient,) = torch.autograd.grad(loss, far)
        assert torch.isfinite(gradient).all()


def test_the_non_saturating_gradient_lives_where_the_minimax_one_dies():
    sure = torch.tensor([-30.0], dtype=torch.float64, requires_grad=True)  # D is sure that it was generated
    alive, dead = (
        torch.autograd.grad(loss(sure), sure)[0].item() for loss in (generator_loss, minimax_generator_loss)
    )
    assert alive == pytest.approx(-1, abs=1e-9) and abs(dead) < 1e-12
    # Where D is undecided both push equally.
    even = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    gradients = [
        torch.autograd.grad(loss(even), even)[0] for loss in (generator_loss, minimax_generator_loss)
    ]
    torch.testing.assert_close(*gradients)


def test_feature_matching_is_the_distance_of_means_and_teaches_the_generator_alone(generator):
    real = torch.randn(5, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    fake = torch.randn(4, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    loss = feature_matching_loss(real, fake)
    difference = real.detach().numpy().mean(0) - fake.detach().numpy().mean(0)
    assert loss.item() == pytest.approx((difference**2).sum())
    loss.backward()
    assert real.grad is None
    expected = -2 * torch.from_numpy(difference) / 4
    torch.testing.assert_close(fake.grad, expected.expand(4, 2, 3))
    assert feature_matching_loss(real, real.flip(0)).item() == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_a_smoothing_out_of_range_is_refused(smoothing):
    ones = torch.ones(2)
    message = rf"^smoothing must be in \[0, 1\), got {smoothing}$"
    with pytest.raises(ValueError, match=message):
        discriminator_loss(ones, ones, smoothing)
    with pytest.raises(ValueError, match=message):
        optimal_discriminator(ones, ones, smoothing)


def test_features_of_half_precision_are_averaged_in_float32(generator):
    real = 100 + torch.randn(500, 3, generator=generator)
    fake = real + 0.01  # a difference that bfloat16 does not hold at this size
    loss = feature_matching_loss(real.bfloat16(), fake)
    torch.testing.assert_close(loss, feature_matching_loss(real.bfloat16().float(), fake), rtol=0, atol=0)
