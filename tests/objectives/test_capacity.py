"""The objectives of the β-VAE: by hand, and against what others got wrong."""

import pytest
import torch

from dgm_helpers.objectives.capacity import beta_elbo, capacity_objective, capacity_schedule, order_by_kl

RECONSTRUCTION, KL = torch.tensor([-3.0, -5.0]), torch.tensor([10.0, 0.0])


def test_beta_weighs_the_kl():
    torch.testing.assert_close(beta_elbo(RECONSTRUCTION, KL, 4.0), torch.tensor([-43.0, -5.0]))
    torch.testing.assert_close(beta_elbo(RECONSTRUCTION, KL, 1.0), RECONSTRUCTION - KL)


def test_the_capacity_is_that_of_the_mean():
    # Image by image the penalty would be 5 nats.
    assert capacity_objective(RECONSTRUCTION, KL, 5.0, 100.0).item() == -4.0
    assert capacity_objective(RECONSTRUCTION, KL, 3.0, 10.0).item() == pytest.approx(-24.0)
    assert capacity_objective(RECONSTRUCTION, KL, 7.0, 10.0).item() == pytest.approx(-24.0)


@pytest.mark.parametrize("kind", [int, torch.tensor])
def test_the_ramp_is_linear_and_ends_exactly(kind):
    steps = [0, 1, 50, 99, 100, 101, 10_000]
    values = [float(capacity_schedule(kind(step), 25.0, 100)) for step in steps]
    assert values == pytest.approx([0, 0.25, 12.5, 24.75, 25, 25, 25]) and values[4] == values[5] == 25
    with pytest.raises(ValueError, match="ramp_steps must be at least 1, got 0"):
        capacity_schedule(0, 25.0, 0)


def test_dimensions_are_ordered_by_their_mean_kl():
    assert order_by_kl(torch.tensor([[0.0, 3.0, 1.0], [0.1, 0.0, 4.0]])).tolist() == [2, 1, 0]
