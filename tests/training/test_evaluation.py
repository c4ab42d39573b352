"""What a model reaches: its own loss, averaged over all data points, the same each time."""

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.vae import VAE
from dgm_helpers.training.evaluation import evaluate, takes_labels

DIGITS = data.load("digits")


def test_it_is_the_mean_over_all_data_points(generator):
    x = data.binarize(DIGITS.test[:50], generator)
    model = GatedPixelCNN(image_size=8, channels=4, layers=2)
    expected = -model.log_prob(x).mean()
    for batch_size in (7, 50, 100):
        terms = evaluate(model, x, batch_size=batch_size)
        torch.testing.assert_close(torch.tensor(terms["loss"]), expected.detach(), rtol=1e-5, atol=1e-5)
    assert terms.keys() == {"loss", "bits_per_dim"}


def test_the_seed_draws_the_noise_and_the_mode_is_put_back():
    model = VAE(data_dim=64, latent_dim=2, hidden=(5,))
    first, again, other = (
        evaluate(model, DIGITS.test[:40], transform=data.binarize, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert model.training and all(parameter.grad is None for parameter in model.parameters())


def test_bytes_are_evaluated_as_the_numbers_that_they_stand_for():
    model, images = VAE(data_dim=64, latent_dim=2, hidden=(5,)), (DIGITS.test[:40] * 16).byte() * 15
    assert evaluate(model, images) == evaluate(model, images.float() / 255)


def test_labels_reach_only_a_model_that_takes_them(generator):
    x, y = data.binarize(DIGITS.test[:20], generator), DIGITS.test_labels[:20]
    plain, conditional = (GatedPixelCNN(image_size=8, channels=4, layers=2, classes=c) for c in (0, 10))
    assert (takes_labels(plain), takes_labels(conditional)) == (False, True)
    evaluate(plain, x, y)
    expected = -conditional.log_prob(x, y).mean()
    assert evaluate(conditional, x, y)["loss"] == pytest.approx(float(expected.detach()), rel=1e-5)


def test_no_data_are_told():
    with pytest.raises(ValueError, match=r"^x must have at least 1 data point, got 0$"):
        evaluate(VAE(data_dim=64, hidden=(5,)), DIGITS.test[:0])


def test_a_model_that_takes_labels_asks_for_them():
    model = GatedPixelCNN(image_size=8, channels=4, layers=2, classes=10)
    with pytest.raises(
        ValueError, match=r"^labels must be the class of each data point for GatedPixelCNN, got None$"
    ):
        evaluate(model, DIGITS.test[:20])
