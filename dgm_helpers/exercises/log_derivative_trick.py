"""Visible checks of lecture 03, the log-derivative trick."""

import torch
from torch import Tensor

from dgm_helpers import checks
from dgm_helpers.exercises import gradient_probes as probes
from dgm_helpers.exercises import gradient_samples as samples
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.objectives import distributions, gradient_estimators
from dgm_helpers.objectives.toy_functions import Quadratic

ROWS = 2000
LEAVE_ONE_OUT = "leave-one-out estimate"
ENCODER = ("encoder_weight", "encoder_bias", "encoder_log_sigma")


@checks.exercise(reference=gradient_estimators.score)
def score_in_mu(answer) -> None:
    """The gradient of log q in mu at five points in three dimensions; exact, against autograd of `Normal.log_prob`."""
    z, mu, log_sigma = _points("03/score/visible")
    expected, _ = samples.score_oracle(z, mu, log_sigma)
    grad_mu, _ = checks.unpack("score", answer(z, mu, log_sigma), 2)
    mistakes = {
        "the gradient in z: it has the opposite sign of the one in mu": -expected,
        "log σ used as σ: take its exponential": expected * torch.exp(2 * log_sigma) / log_sigma**2,
        "a division by σ: the gradient in mu is divided by σ²": expected * torch.exp(log_sigma),
        "a product with σ²: divide by it": expected * torch.exp(4 * log_sigma),
        "a sum over the coordinates: each mu_j has its own gradient": expected.sum(dim=-1),
    }
    checks.equal("gradient of log q in mu", grad_mu, expected, mistakes=mistakes)


@checks.exercise(reference=gradient_estimators.score)
def score_in_log_sigma(answer) -> None:
    """The gradient of log q in log sigma at five points in three dimensions; exact, against autograd."""
    z, mu, log_sigma = _points("03/score/visible_2")
    _, expected = samples.score_oracle(z, mu, log_sigma)
    _, grad_log_sigma = checks.unpack("score", answer(z, mu, log_sigma), 2)
    mistakes = {
        "log σ used as σ: take its exponential": ((z - mu) / log_sigma) ** 2 - 1,
        "the gradient in σ: the parameter is log σ, which takes a factor σ": expected / log_sigma.exp(),
        "the gradient without the term of the normalization: -log σ in log q gives -1": expected + 1,
        "the gradient in log σ²: the parameter is log σ": expected / 2,
        "a sum over the coordinates: each log σ_j has its own gradient": expected.sum(dim=-1),
    }
    checks.equal("gradient of log q in log_sigma", grad_log_sigma, expected, mistakes=mistakes)


def _points(label: str) -> tuple[Tensor, Tensor, Tensor]:
    rng = checks.generator(label)
    mu, log_sigma = probes.gaussians(rng, 3)
    return 1.5 * torch.randn(5, 3, generator=rng, dtype=torch.float64), mu, log_sigma


@checks.exercise(reference=gradient_estimators.score_function_gradient)
def score_function_gradient(answer) -> None:
    """(3.6) from one sample, exactly; from 50 samples, mean and variance; from two samples, exactly.

    With f = 1, the estimate is the score and reveals the sample, at which f times the score is then known. The exact
    mean and variance come from a Gauss-Hermite grid. A correct answer fails with probability below 1e-6, and each
    mistake named below is rejected with probability above 0.999.
    """
    rng = checks.generator("03/score_function_gradient/visible")
    samples.one_sample_of_score_function(answer, *probes.gaussians(rng, 3, 4), rng, probes.landscape)
    mu, log_sigma = _two_coordinates()
    means, scales = mu.expand(ROWS, 2), log_sigma.expand(ROWS, 2)
    in_mu, _ = samples.estimate(samples.SCORE_FUNCTION, answer, probes.one, means, scales, 1, rng)
    samples.right_spread(samples.SCORE_FUNCTION, in_mu * log_sigma.exp(), samples.spread_mistakes(log_sigma))
    rows = samples.estimate(samples.SCORE_FUNCTION, answer, probes.landscape, means, scales, 50, rng)
    noise, weights = probes.normal_grid(2)
    z = mu + torch.exp(log_sigma) * noise
    products = probes.landscape(z)[:, None] * torch.cat(samples.score_oracle(z, mu, log_sigma), dim=-1)
    mistakes = {
        "the product of two means: multiply f(z) and the score before averaging": weights @ products / 50,
        "a sum over the samples: (3.6) is their mean": 50 * (weights @ products),
    }
    samples.mean_and_variance(
        samples.SCORE_FUNCTION, torch.cat(rows, dim=-1), products, weights, 50, mistakes
    )
    samples.two_samples_of_score_function(answer, rng, 40)


@checks.exercise(reference=gradient_estimators.reparametrized_gradient)
def reparametrized_gradient(answer) -> None:
    """(3.8) from one sample and from two, exactly.

    A linear f reveals the noise, and with it the gradient of any other f at the sample.
    """
    rng = checks.generator("03/reparametrized_gradient/visible")
    samples.one_sample_of_reparametrized(answer, *probes.gaussians(rng, 3, 4), rng, probes.landscape)
    samples.two_samples_of_reparametrized(answer, rng, 40)


@checks.exercise(reference=gradient_estimators.reparametrized_gradient)
def less_variance(answer) -> None:
    """The mean and variance of (3.8) for 4 and 16 samples, and at least 5 times less variance than the score function.

    The exact values come from a Gauss-Hermite grid. A correct answer fails with probability below 1e-6.
    """
    rng = checks.generator("03/reparametrized_gradient/visible_2")
    mu, log_sigma = (
        torch.tensor([1.0, 1.4], dtype=torch.float64),
        torch.tensor([-0.6, -0.9], dtype=torch.float64),
    )
    noise, weights = probes.normal_grid(2)
    f, sigma = probes.landscape, log_sigma.exp()
    slope = probes.slope(f, mu + sigma * noise)
    gradients = torch.cat([slope, slope * sigma * noise], dim=-1)
    means, scales = mu.expand(ROWS, 2), log_sigma.expand(ROWS, 2)
    for n_samples in (4, 16):
        rows = samples.estimate(
            samples.REPARAMETRIZED, samples.with_leaves(answer), f, means, scales, n_samples, rng
        )
        rows = torch.cat(rows, dim=-1)
        mistakes = {"a sum over the samples: the estimate is their mean": n_samples * (weights @ gradients)}
        samples.mean_and_variance(samples.REPARAMETRIZED, rows, gradients, weights, n_samples, mistakes)
    reference = torch.cat(gradient_estimators.score_function_gradient(f, means, scales, 16, rng), dim=-1)
    checks.variance_reduced(samples.REPARAMETRIZED, rows, reference, factor=5)


def _two_coordinates() -> tuple[Tensor, Tensor]:
    return torch.tensor([1.0, 1.4], dtype=torch.float64), torch.tensor([0.3, -0.8], dtype=torch.float64)


@checks.exercise(reference=gradient_estimators.leave_one_out_gradient)
def leave_one_out_gradient(answer) -> None:
    """(3.12) for four samples, and for two, exactly; the oracle is `torch.cov`, as (3.13) says."""
    rng = checks.generator("03/leave_one_out_gradient/visible")
    for n_samples in (4, 2):
        values = 3 + torch.randn(n_samples, 2, generator=rng, dtype=torch.float64)
        scores = torch.randn(n_samples, 2, 3, generator=rng, dtype=torch.float64)
        checks.equal(
            f"{LEAVE_ONE_OUT}, K = {n_samples}",
            answer(values, scores),
            covariance_oracle(values, scores),
            mistakes=leave_one_out_mistakes(values, scores),
        )


def covariance_oracle(values: Tensor, scores: Tensor) -> Tensor:
    """Return the sample covariance of the values with each coordinate of the scores, by `torch.cov` in float64."""
    d = scores.shape[-1]
    rows = zip(values.double().flatten(1).T, scores.double().flatten(1, -2).transpose(0, 1), strict=True) if (
        values.ndim > 1
    ) else [(values.double(), scores.double())]  # fmt: skip
    covariances = [torch.cov(torch.cat([f[:, None], s], dim=1).T)[0, 1:] for f, s in rows]
    return torch.stack(covariances).reshape(*values.shape[1:], d)


def leave_one_out_mistakes(values: Tensor, scores: Tensor) -> dict[str, Tensor]:
    """Return the results of typical mistakes in (3.12), by hint."""
    expected, n_samples = covariance_oracle(values, scores), values.shape[0]
    others = (values.sum(dim=0) - values)[..., None]
    plain = (values[..., None] * scores).mean(dim=0)
    included = expected * (n_samples - 1) / n_samples
    mistakes = {
        "a baseline that includes the sample itself: the estimate is too small by the factor 1 - 1/K": included,
        "an estimate without a baseline": plain,
        "a sum over the samples: average over all K": n_samples * expected,
        "values divided by their standard deviation: that changes the gradient": expected
        / values.std(dim=0)[..., None],
        "values less their mean, divided by their standard deviation: that changes the gradient": included
        / values.std(dim=0)[..., None],
        "one baseline for the whole batch: each row has its own": (
            (values - values.mean())[..., None] * scores
        ).mean(dim=0),
    }
    if n_samples == 2:  # there is one other sample, so its sum is its mean
        return mistakes
    return mistakes | {
        "a mean taken over K - 1: (3.12) averages the products over K": expected
        * n_samples
        / (n_samples - 1),
        "the sum of the others divided by K: there are K - 1 of them": plain
        - (others / n_samples * scores).mean(dim=0),
        "the sum of the others as baseline: take their mean": plain - (others * scores).mean(dim=0),
    }


@checks.exercise(reference=gradient_estimators.leave_one_out_gradient)
def leave_one_out_is_unbiased(answer) -> None:
    """No bias, and 5 times less variance than (3.6): 20,000 estimates from four samples each, far from f's maximum.

    A correct answer, which has about 30 times less variance, fails with probability below 1e-6.
    """
    rng = checks.generator("03/leave_one_out_gradient/visible_2")
    f = Quadratic(curvature=[1.0, 1.0, 1.0, 1.0], center=[6.0, 6.0, 6.0, 6.0])
    mu = torch.tensor([0.1, 0.4, 0.6, 0.9], dtype=torch.float64)
    log_sigma = torch.full((4,), -0.7, dtype=torch.float64)
    noise = torch.randn(4, 20_000, 4, generator=rng, dtype=torch.float64)
    z = mu + log_sigma.exp() * noise
    score_mu, _ = samples.score_oracle(z, mu, log_sigma)
    rows = answer(f(z), score_mu)
    exact = f.expectation_gradient(mu, log_sigma)[0]
    mistakes = {
        "a baseline that includes the sample itself: biased by the factor 1 - 1/K": exact * 3 / 4,
        "a mean taken over K - 1: (3.12) averages the products over K": exact * 4 / 3,
    }
    checks.mean_equals(LEAVE_ONE_OUT, rows, exact, false_alarm_rate=5e-7, mistakes=mistakes)
    plain = (f(z)[..., None] * score_mu).mean(dim=0)
    hint = "subtract the mean value of the other samples from each f(z_k)."
    checks.variance_reduced(LEAVE_ONE_OUT, rows, plain, factor=5, hint=hint)


@checks.exercise(reference=gradient_estimators.elbo_gradient)
def elbo_gradient_without_reconstruction(answer) -> None:
    """A decoder that ignores z: only the KL is left, and the answer is exact. 5 images of n = 42."""
    rng = checks.generator("03/elbo_gradient/visible")
    model = LinearVAE(data_dim=3, latent_dim=2).double().reset(rng)
    model.weight.data.zero_()
    x = 1 + torch.randn(5, 3, generator=rng, dtype=torch.float64)
    actual = flat(answer(model, x, 42, gradient_estimators.reparametrized_gradient, 10, rng), model)
    exact = exact_elbo_gradient(model, x, 42)
    checks.equal("ELBO gradient, KL only", actual, exact, mistakes=elbo_mistakes(exact, exact, 42, 5))


@checks.exercise(reference=gradient_estimators.elbo_gradient)
def elbo_gradient(answer) -> None:
    """The whole gradient by a noise-free estimator, exactly; and by reparametrization, on average over 60 calls.

    A linear-Gaussian log p(x|z) is quadratic in z, so sigma points give its expected gradient exactly: the result must
    be the gradient of the exact ELBO, whatever gradients an earlier step has left in the parameters' `.grad`. The mean
    over the calls must be that gradient too. A correct answer fails with probability below 1e-6.
    """
    rng = checks.generator("03/elbo_gradient/visible_2")
    model = LinearVAE(data_dim=3, latent_dim=2).double().reset(rng)
    x = 2 + torch.randn(5, 3, generator=rng, dtype=torch.float64)
    exact = exact_elbo_gradient(model, x, 42)
    mistakes = elbo_mistakes(exact, kl_gradient(model, x, 42), 42, 5)
    name = "ELBO gradient, estimator without noise"
    actual = flat(answer(model, x, 42, probes.sigma_point_gradient, 4, rng), model)
    checks.equal(name, actual, exact, mistakes=mistakes)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=rng, dtype=torch.float64)
    left = flat([getattr(model, name).grad for name in ENCODER], model)
    mistakes = {"gradients of an earlier step added: clear `.grad`, or use torch.autograd.grad": exact + left}
    actual = flat(answer(model, x, 42, probes.sigma_point_gradient, 4, rng), model)
    checks.equal(name, actual, exact, case="gradients of an earlier step in `.grad`", mistakes=mistakes)
    model, x = steady_model(data_dim=3, latent_dim=2, batch=5)
    estimator = gradient_estimators.reparametrized_gradient
    rows = [flat(answer(model, x, 42, estimator, 170, rng), model) for _ in range(60)]
    exact = exact_elbo_gradient(model, x, 42)
    checks.mean_equals("reparametrized ELBO gradient", torch.stack(rows), exact, false_alarm_rate=5e-7)


def steady_model(*, data_dim: int, latent_dim: int, batch: int) -> tuple[LinearVAE, Tensor]:
    """Return a model and a batch that are the same for every seed: they decide how noisy an estimate is."""
    generator = torch.Generator().manual_seed(7)
    model = LinearVAE(data_dim=data_dim, latent_dim=latent_dim).double().reset(generator)
    return model, 2 + torch.randn(batch, data_dim, generator=generator, dtype=torch.float64)


def flat(answer: object, model: LinearVAE) -> Tensor:
    """Check the answer's gradients in the encoder's weight, bias and log sigma, and join them into one vector."""
    parts = checks.unpack("elbo_gradient", answer, 3)
    return torch.cat([
        checks.as_tensor(f"gradient in {name}", part, getattr(model, name).shape).flatten()
        for name, part in zip(ENCODER, parts, strict=True)
    ])  # fmt: skip


def exact_elbo_gradient(model: LinearVAE, x: Tensor, n_data: int) -> Tensor:
    """Return the gradient of n times the average exact ELBO of a batch in the encoder's parameters, as one vector."""
    return _gradient(model, n_data * model.elbo(x).mean())


def kl_gradient(model: LinearVAE, x: Tensor, n_data: int) -> Tensor:
    """Return the part of :func:`exact_elbo_gradient` that comes from the KL, with its sign in the ELBO."""
    return _gradient(model, -n_data * distributions.kl_to_standard_normal(*model.encode(x)).mean())


def _gradient(model: LinearVAE, objective: Tensor) -> Tensor:
    gradients = torch.autograd.grad(objective, [getattr(model, name) for name in ENCODER])
    return torch.cat([gradient.flatten() for gradient in gradients])


def elbo_mistakes(exact: Tensor, kl: Tensor, n_data: int, batch: int) -> dict[str, Tensor]:
    """Return the results of typical mistakes in (3.15), by hint, from the whole gradient and the KL's part of it."""
    factor = n_data / batch
    mistakes = {
        "the wrong sign of the KL: it is subtracted from the ELBO": exact - 2 * kl,
        "a KL without the factor n/B: it multiplies both terms": exact - kl * (1 - 1 / factor),
        "a gradient without the factor n/B": exact / factor,
        "the factor n instead of n/B: the batch is summed": exact * batch,
        "n // B instead of n/B": exact * (n_data // batch) / factor,
        "the mean over the batch: for all n points it takes the factor n": exact / n_data,
        "a gradient without the KL": exact - kl,
        "the KL subtracted twice": exact + kl,
    }
    return mistakes
