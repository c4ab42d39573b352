"""Onlookers against data whose factors are known."""

import pytest
import torch

from dgm_helpers.data import load
from dgm_helpers.metrics.onlookers import fit_reader, stroke_shape
from dgm_helpers.runtime import generator


def test_a_reader_predicts_a_curved_function_of_new_data():
    x = torch.randn(600, 3, generator=generator(0), dtype=torch.float64)
    targets = torch.stack([x[:, 0] - 2 * x[:, 1], x[:, 2] ** 2], dim=1)
    read = fit_reader(x[:500], targets[:500], features=300, ridge=1e-3)
    error = (read(x[500:]) - targets[500:]).square().mean(dim=0)
    assert (error < 0.05 * targets.var(dim=0)).all()


def test_a_reader_of_digits_generalizes():
    digits = load("digits")
    targets = torch.nn.functional.one_hot(digits.train_labels, 10).double()
    found = fit_reader(digits.train, targets)(digits.test).argmax(dim=1)
    assert (found == digits.test_labels).double().mean() > 0.95


def test_a_reader_is_the_minimizer_of_its_objective_for_constant_data():
    """All features are constant then: the ridge aside, the best prediction is the mean of the targets."""
    targets = torch.tensor([[1.0], [2.0], [6.0]])
    read = fit_reader(torch.ones(3, 2), targets, ridge=1e-9)
    torch.testing.assert_close(read(torch.ones(1, 2)), torch.tensor([[3.0]], dtype=torch.float64))


def test_a_reader_refuses_targets_that_do_not_match():
    with pytest.raises(ValueError, match="x and targets must have the same number of rows, at least one"):
        fit_reader(torch.ones(3, 2), torch.ones(2, 1))


@pytest.mark.parametrize("slope", [-2, 0, 1])
@pytest.mark.parametrize("thickness", [1, 3])
def test_a_sheared_bar_has_its_slope_and_its_width(slope: int, thickness: int):
    image = torch.zeros(1, 1, 9, 40)
    for row in range(9):
        start = 20 + slope * (4 - row)  # further right further up
        image[0, 0, row, start : start + thickness] = 0.5
    slant, width, ink = stroke_shape(image)[0].tolist()
    assert slant == pytest.approx(slope)
    assert width == pytest.approx(((thickness**2 - 1) / 12) ** 0.5)  # of a discrete uniform distribution
    assert ink == pytest.approx(0.5 * thickness / 40)


def test_an_empty_image_has_no_shape():
    assert stroke_shape(torch.zeros(2, 1, 5, 5)).eq(0).all()


def test_a_reader_does_not_care_where_its_data_lie_and_is_linear_far_from_them():
    x = torch.randn(200, 3, generator=generator(0), dtype=torch.float64)
    targets = x[:, :1] - x[:, 1:2]
    read, moved = (fit_reader(data, targets, features=100) for data in (x, x + 50))
    torch.testing.assert_close(moved(x + 50), read(x), rtol=1e-6, atol=1e-6)
    # Features are max(0, ·): on a ray that has left all their edges behind the prediction is a straight line.
    ray = torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64)
    near, further, far = (read(ray[None] * distance).item() for distance in (1e4, 2e4, 3e4))
    assert far - further == pytest.approx(further - near) and abs(further - near) > 1e3


def test_what_is_darker_than_the_ground_is_no_ink():
    image = torch.zeros(1, 1, 9, 20)
    image[..., 8:10] = 1
    darker = image.clone()
    darker[..., 15:] = -0.5
    assert torch.equal(stroke_shape(darker), stroke_shape(image))
