"""Gaussians and binarized images: moments, generators, refusals."""

import inspect

import pytest
import torch

from dgm_helpers import checks, data

MEAN = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
FACTOR = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-1.0, 0.3, 0.7]], dtype=torch.float64)
COVARIANCE = FACTOR @ FACTOR.T


def test_gaussian_has_the_mean_and_the_covariance(generator):
    x = data.gaussian(MEAN, COVARIANCE, 20_000, generator)
    assert x.shape == (20_000, 3) and x.dtype == torch.float64
    checks.mean_equals("mean", x, MEAN)
    centered = x - MEAN
    checks.mean_equals("covariance", centered[:, :, None] * centered[:, None, :], COVARIANCE)
    # Of a Gaussian the squared Mahalanobis distance is chi-square: mean d, mean square d (d + 2).
    distance = (torch.linalg.solve(FACTOR, centered.T) ** 2).sum(dim=0)
    checks.mean_equals("squared distance", distance**2, 15.0)


def test_gaussian_draws_from_its_generator():
    draws = [data.gaussian(MEAN, COVARIANCE, 5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    assert data.gaussian(MEAN, COVARIANCE, 0).shape == (0, 3)


@pytest.mark.parametrize(
    "covariance",
    [
        -torch.eye(3),
        torch.zeros(3, 3),
        torch.tensor([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        torch.full((3, 3), float("nan")),
    ],
    ids=["negative", "zero", "indefinite", "not symmetric", "NaN"],
)
def test_what_is_no_covariance_is_refused(covariance):
    with pytest.raises(ValueError, match=r"^covariance must be symmetric and positive definite$"):
        data.gaussian(MEAN, covariance.double(), 5)


def test_a_covariance_of_another_size_is_refused():
    as_students_call_it = inspect.unwrap(data.gaussian)  # without the check of its annotations
    with pytest.raises(
        ValueError, match=r"covariance must have shape \(3, 3\) to match its mean, got \(2, 2\)"
    ):
        as_students_call_it(MEAN, torch.eye(2).double(), 5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_binarized_pixels_are_zero_or_one_with_the_intensity_as_probability(dtype, generator):
    images = torch.tensor([[0.0, 0.1], [0.5, 1.0]], dtype=dtype)
    draws = data.binarize(images.expand(20_000, 2, 2), generator)
    assert draws.dtype == dtype and set(draws.unique().tolist()) == {0.0, 1.0}
    # A z-test of each frequency; black stays black and white stays white.
    checks.mean_equals("frequency", draws, images)
    assert (draws[:, 0, 0] == 0).all() and (draws[:, 1, 1] == 1).all()
    checks.mean_equals("two pixels at once", draws[:, 0, 1] * draws[:, 1, 0], 0.05)


def test_binarization_is_fresh_at_each_visit_and_comes_from_the_generator():
    images = torch.full((4, 1, 8, 8), 0.5)
    one, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    first, second = data.binarize(images, one), data.binarize(images, one)
    assert not torch.equal(first, second)
    assert torch.equal(first, data.binarize(images, other)) and torch.equal(
        second, data.binarize(images, other)
    )
    assert torch.equal(images, torch.full((4, 1, 8, 8), 0.5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_intensities_of_bytes_are_in_the_unit_interval_and_numbers_stay(dtype):
    levels = torch.arange(256, dtype=torch.uint8)
    expected = torch.linspace(0, 1, 256, dtype=torch.float64).to(dtype)
    torch.testing.assert_close(data.intensities(levels, dtype), expected)
    for numbers in (torch.tensor([-2.0, 0.5, 3.0]), torch.tensor([0, 7, 255]), torch.tensor([True, False])):
        assert torch.equal(data.intensities(numbers, dtype), numbers.to(dtype))


@pytest.mark.parametrize("n", [4, 100])
def test_an_exact_sample_has_exactly_the_mean_and_the_covariance(n, generator):
    x = data.gaussian(MEAN, COVARIANCE, n, generator, exact=True)
    torch.testing.assert_close(x.mean(dim=0), MEAN)
    torch.testing.assert_close((x - MEAN).T @ (x - MEAN) / n, COVARIANCE)


def test_too_few_points_for_an_exact_sample_are_refused():
    with pytest.raises(ValueError, match="n must be at least 4 to have the covariance exactly, got 3"):
        data.gaussian(MEAN, COVARIANCE, 3, exact=True)
