"""Historical averaging: the mean of all past parameters, its penalty, and the game of the paper."""

import pytest
import torch

from dgm_helpers.objectives.historical_average import HistoricalAverage


def test_the_mean_is_that_of_all_past_parameters_and_the_penalty_the_distance_from_it(generator):
    history = [torch.randn(50, *shape, generator=generator, dtype=torch.float64) for shape in ((3,), (2, 2))]
    average = HistoricalAverage([steps[0] for steps in history])
    for t in range(50):
        average.update([steps[t] for steps in history])
        for mean, steps in zip(average.means, history, strict=True):
            torch.testing.assert_close(mean, steps[: t + 1].mean(dim=0), rtol=1e-12, atol=1e-12)
    present = [steps[-1].clone().requires_grad_() for steps in history]
    penalty = average.penalty(present)
    distances = [p.detach() - steps.mean(dim=0) for p, steps in zip(present, history, strict=True)]
    torch.testing.assert_close(penalty, sum(d.square().sum() for d in distances))
    for gradient, distance in zip(torch.autograd.grad(penalty, present), distances, strict=True):
        torch.testing.assert_close(gradient, 2 * distance)


def test_the_first_penalty_is_zero_and_an_update_before_the_backward_pass_spoils_nothing():
    parameter = torch.ones(3, requires_grad=True)
    average = HistoricalAverage([parameter])
    average.update([parameter])
    assert average.penalty([parameter]).item() == 0
    moved = torch.full((3,), 2.0, requires_grad=True)
    penalty = average.penalty([moved])
    average.update([moved])
    penalty.backward()
    torch.testing.assert_close(moved.grad, torch.full((3,), 2.0))


def test_the_mean_is_part_of_a_checkpoint():
    parameters = [torch.ones(2), torch.zeros(3)]
    average, again = HistoricalAverage(parameters), HistoricalAverage(parameters)
    for _ in range(3):
        average.update(parameters)
    again.load_state_dict(average.state_dict())
    again.update([torch.full((2,), 5.0), torch.ones(3)])
    torch.testing.assert_close(again.means[0], torch.full((2,), 2.0))
    torch.testing.assert_close(again.means[1], torch.full((3,), 0.25))


def test_other_parameters_than_at_the_start_are_told():
    average = HistoricalAverage([torch.ones(2)])
    with pytest.raises(ValueError, match=r"^parameters must be 1 tensors, as at the start, got 2$"):
        average.update([torch.ones(2), torch.ones(2)])
    with pytest.raises(ValueError, match=r"^parameters must be 1 tensors, as at the start, got 0$"):
        average.penalty([])


def play(weight, steps=1500, learning_rate=0.1):
    """Section 3.3: one player minimizes xy by x, the other -xy by y; both step at once. The distances from 0."""
    x, y = (torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    average, distances = HistoricalAverage([x, y]), []
    for _ in range(steps):
        average.update([x, y])
        loss = (x * y.detach()).sum() - (x.detach() * y).sum() + weight * average.penalty([x, y])
        gradients = torch.autograd.grad(loss, (x, y))
        with torch.no_grad():
            x -= learning_rate * gradients[0]
            y -= learning_rate * gradients[1]
        distances.append(float((x.square() + y.square()).sum().sqrt().detach()))
    return distances


def test_in_the_game_of_the_paper_gradient_descent_orbits_and_historical_averaging_converges():
    orbit, spiral = play(0.0), play(0.5)
    # Each step of simultaneous descent turns, and multiplies the distance by sqrt(1 + 0.1²), exactly.
    assert orbit[-1] == pytest.approx(2**0.5 * 1.01 ** (1500 / 2), rel=1e-9)
    assert spiral[-1] < 0.15 < 0.5 * spiral[100]
    assert max(spiral[1000:]) < max(spiral[500:1000]) < max(spiral[:500])
