"""What is said of the terms of a loss: unit, landmark, and nothing of a sum that means nothing."""

import math

import pytest
import torch

from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.improved_gan import ImprovedGAN
from dgm_helpers.models.infogan import InfoGAN
from dgm_helpers.models.vae import VAE
from dgm_helpers.objectives.adversarial import discriminator_loss
from dgm_helpers.objectives.mutual_information import (
    info_lower_bound_categorical,
    info_lower_bound_continuous,
)
from dgm_helpers.training.history import explained, headline, meaningful

SMALL = {"data_shape": (1, 8, 8), "channels": (4,), "hidden": (5,)}


def test_every_term_has_its_unit():
    terms = {"loss": 12.5, "bits_per_dim": 0.25, "accuracy": 0.75, "kl": -3.0}
    assert explained(VAE(data_dim=4, hidden=(3,)), terms).splitlines() == [
        "  loss                12.5 nats",
        "  bits_per_dim        0.25 bits per dimension",
        "  accuracy            0.75 of 1",
        "  kl                    -3 nats",
    ]


def test_the_sum_of_two_players_losses_is_left_out():
    game = {"loss": 9.0, "discriminator": 1.5, "generator": 0.75}
    assert meaningful(game) == {"discriminator": 1.5, "generator": 0.75}
    assert headline(game) == "discriminator 1.5, generator 0.75"
    assert headline({"loss": 81.23456, "kl": 3.0}) == "loss 81.23"
    lines = explained(GAN(**SMALL), game).splitlines()
    assert lines[0].endswith("1.5 nats (1.3863 at equilibrium)")
    assert lines[1].endswith("0.75 nats (0.69315 at equilibrium)")


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_a_games_equilibrium_is_the_best_discriminator_of_equal_distributions(smoothing):
    landmarks = ImprovedGAN(smoothing=smoothing, **SMALL).landmarks()
    best = landmarks["discriminator"].value
    real, fake = (1 - smoothing) / 2, (1 + smoothing) / 2
    assert best == pytest.approx(
        -(1 - smoothing) * math.log(real) - (1 + smoothing) * math.log(fake), rel=1e-6
    )
    assert landmarks["generator"].value == pytest.approx(-math.log(real), rel=1e-6)
    logits = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    losses = torch.stack([discriminator_loss(logit[None], logit[None], smoothing) for logit in logits])
    assert float(losses.min()) == pytest.approx(best, abs=1e-6)


def test_feature_matching_is_no_loss_in_nats():
    model = ImprovedGAN(feature_matching=True, **SMALL)
    said = explained(model, {"loss": 2.0, "discriminator": 1.0, "generator": 1.0})
    assert said.endswith("1 (squared distance) (0 where mean features match)")


def test_what_codes_can_tell_at_most_and_what_an_ignorant_q_has():
    landmarks = InfoGAN(categories=(10, 4), continuous=3, **SMALL).landmarks()
    sure = [info_lower_bound_categorical(1e3 * torch.eye(k), torch.arange(k)).mean() for k in (10, 4)]
    assert landmarks["discrete_information"].value == pytest.approx(float(sum(sure)), rel=1e-6)
    # The expectation over U(-1, 1)^3 by the midpoint rule: Q = N(0, 1/3) in each code, which no other sigma betters.
    code = ((torch.arange(20_000, dtype=torch.float64) + 0.5) / 10_000 - 1)[:, None].expand(-1, 3)
    bounds = [
        info_lower_bound_continuous(
            torch.zeros_like(code), torch.full_like(code, math.log(sigma)), code
        ).mean()
        for sigma in (0.9 / math.sqrt(3), 1 / math.sqrt(3), 1.1 / math.sqrt(3))
    ]
    assert landmarks["continuous_information"].value == pytest.approx(float(bounds[1]), rel=1e-6)
    assert bounds[1] > bounds[0] and bounds[1] > bounds[2]
    assert {"discriminator", "generator"} < landmarks.keys()


def test_factor_vaes_discriminator_is_compared_with_one_that_cannot_tell():
    model = FactorVAE(image_size=8, maps=(4,), hidden=(5,), latent_dim=2, discriminator_hidden=(4,))
    z = torch.zeros(6, 2)
    for parameter in model.discriminator.parameters():
        torch.nn.init.zeros_(parameter)
    _, loss = model.play(z, z)
    assert model.landmarks()["discriminator"].value == pytest.approx(float(loss.detach()), rel=1e-6)
