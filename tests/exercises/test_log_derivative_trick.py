r"""The visible checks of lecture 03: right answers pass with every seed, no hint is unmatchable, the probes are exact.

With N samples in total, of skewness g, the chance that Student's statistic exceeds its critical value c is that of
normal samples times :math:`\exp(\mp g c^3 / (3\sqrt N))`, one sign for each tail (Hall, 1987).
"""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.checks.moments import FALSE_ALARM_RATE, critical_t
from dgm_helpers.exercises import gradient_probes as probes
from dgm_helpers.exercises import gradient_samples as samples
from dgm_helpers.exercises import log_derivative_trick as check
from dgm_helpers.objectives import gradient_estimators
from dgm_helpers.objectives.toy_functions import Quadratic

ANSWERS = {
    check.score_in_mu: gradient_estimators.score,
    check.score_in_log_sigma: gradient_estimators.score,
    check.score_function_gradient: gradient_estimators.score_function_gradient,
    check.reparametrized_gradient: gradient_estimators.reparametrized_gradient,
    check.less_variance: gradient_estimators.reparametrized_gradient,
    check.leave_one_out_gradient: gradient_estimators.leave_one_out_gradient,
    check.leave_one_out_is_unbiased: gradient_estimators.leave_one_out_gradient,
    check.elbo_gradient_without_reconstruction: gradient_estimators.elbo_gradient,
    check.elbo_gradient: gradient_estimators.elbo_gradient,
}


def double(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


@pytest.mark.parametrize("function", ANSWERS, ids=lambda function: function.__name__)
def test_right_answers_pass_and_every_hint_can_match(function, monkeypatch):
    for seed in range(3):
        monkeypatch.setenv("DGM_CHECK_SEED", str(seed))
        with checks.unmatchable_mistakes() as found:
            function.__wrapped__(ANSWERS[function])  # without the guard, which refuses the library's version
        assert found == []


def one_sample_estimates() -> dict[str, tuple[torch.Tensor, torch.Tensor, int]]:
    """Estimates from one sample on the checks' grid, their weights, and the fewest samples per repetition."""
    mu, log_sigma = check._two_coordinates()
    noise, weights = probes.normal_grid(2)
    z = mu + log_sigma.exp() * noise
    scores = torch.cat(samples.score_oracle(z, mu, log_sigma), dim=-1)
    slope = probes.slope(probes.landscape, z)
    return {
        "score function": (probes.landscape(z)[:, None] * scores, weights, 50),
        "reparametrized": (torch.cat([slope, slope * (z - mu)], dim=-1), weights, 4),
    }


@pytest.mark.parametrize("kind", ["score function", "reparametrized"])
def test_skewness_does_not_raise_the_false_alarm_rate_of_the_mean(kind):
    estimates, weights, n_samples = one_sample_estimates()[kind]
    mean = weights @ estimates
    skewness = (weights @ (estimates - mean) ** 3) / (weights @ (estimates - mean) ** 2) ** 1.5
    rate = FALSE_ALARM_RATE / 2  # the other half is for the variance
    critical = critical_t(check.ROWS, estimates.shape[1], rate)
    tilt = skewness * critical**3 / (3 * (check.ROWS * n_samples) ** 0.5)
    assert rate / 4 * torch.cosh(tilt).sum() < FALSE_ALARM_RATE


def test_the_grid_is_fine_enough():
    mu, log_sigma = check._two_coordinates()

    def moments(nodes: int) -> torch.Tensor:
        noise, weights = probes.normal_grid(2, nodes)
        z = mu + log_sigma.exp() * noise
        products = probes.landscape(z)[:, None] * torch.cat(samples.score_oracle(z, mu, log_sigma), dim=-1)
        return torch.cat([weights @ products, weights @ products**2])

    torch.testing.assert_close(moments(60), moments(50), rtol=1e-6, atol=1e-6)


def test_sigma_points_are_exact_for_quadratics_and_only_with_enough_samples():
    f = Quadratic(curvature=[1.0, 2.0, 0.5], center=[0.0, 3.0, -1.0])
    mu, log_sigma = double(0.3, 1.0, -0.7), double(0.2, -0.5, 0.9)
    exact = f.expectation_gradient(mu, log_sigma)
    for n_samples in (6, 12):
        torch.testing.assert_close(probes.sigma_point_gradient(f, mu, log_sigma, n_samples, None), exact)
    in_mu, _ = probes.sigma_point_gradient(f, mu, log_sigma, 5, None)
    assert not torch.allclose(in_mu, exact[0])


def test_a_pair_is_found_from_its_sum_and_its_sum_of_squares():
    pair = samples.pair(double(1.0, -3.0), double(5.0, 4.5))
    torch.testing.assert_close(pair.sum(dim=0), double(1.0, -3.0))
    torch.testing.assert_close(pair.square().sum(dim=0), double(5.0, 4.5))


def test_the_rounded_landscape_has_the_derivative_of_the_smooth_one(generator):
    z = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    values = probes.rounded_landscape(z)
    torch.testing.assert_close(values, values.round())
    torch.testing.assert_close(probes.slope(probes.rounded_landscape, z), probes.slope(probes.landscape, z))


@pytest.mark.parametrize("cut", ["mu", "both"])
def test_a_graph_that_does_not_reach_the_parameters_has_a_short_message(cut):
    def answer(f, mu, log_sigma, n_samples, generator):
        leaves = [mu.clone().requires_grad_(), log_sigma.clone().requires_grad_()]
        noise = torch.randn(n_samples, *mu.shape, generator=generator, dtype=mu.dtype)
        z = mu + (leaves[1] if cut == "mu" else log_sigma).exp() * noise
        return torch.autograd.grad(f(z).mean(dim=0).sum(), leaves)

    with pytest.raises(checks.CheckFailed, match="autograd finds no path"):
        check.reparametrized_gradient(answer)
