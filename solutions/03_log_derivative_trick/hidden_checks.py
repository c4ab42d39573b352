"""Hidden checks of lecture 03, the log-derivative trick."""

import torch
from dgm_helpers import checks
from dgm_helpers.exercises import gradient_probes as probes
from dgm_helpers.exercises import gradient_samples as samples
from dgm_helpers.exercises import log_derivative_trick as visible
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.objectives import gradient_estimators
from dgm_helpers.objectives.toy_functions import Step
from torch import Tensor

ROWS = 2000


@checks.exercise(reference=gradient_estimators.score)
def score_of_a_batch(answer) -> None:
    """Shapes that broadcast, sizes of 1, a point at the mean, far points, wide and narrow Gaussians, float32; exact."""
    rng = checks.generator("03/score/hidden")
    mu, log_sigma = probes.gaussians(rng, 4, 2)
    z = 2 * torch.randn(7, 4, 2, generator=rng, dtype=torch.float64)
    z[0, 0] = mu[0]
    narrow = torch.tensor([-3.0, 3.0], dtype=torch.float64)
    cases = {
        "z [K, B, d]": (z, mu, log_sigma),
        "one Gaussian for all": (z, mu[1], log_sigma[1]),
        "one log_sigma for all coordinates": (z, mu, log_sigma[:, :1]),
        "one mu for all coordinates": (z, mu[2, :1], log_sigma),
        "one point": (z[1, 2], mu[2], log_sigma[2]),
        "one coordinate": (z[..., :1], mu[:, :1], log_sigma[:, :1]),
        "one sample of one row": (z[:1, :1], mu[:1], log_sigma[:1]),
        "log_sigma of -3 and 3": (mu + 4 * narrow.exp() * z, mu, narrow),
        "float32": (z.float(), mu.float(), log_sigma.float()),
    }
    for case, (points, means, scales) in cases.items():
        expected = samples.score_oracle(points, means, scales)
        parts = checks.unpack("score", answer(points, means, scales), 2)
        for parameter, part, oracle in zip(("mu", "log_sigma"), parts, expected, strict=True):
            mistakes = {
                "a mean over the samples: each sample has its own score": oracle.mean(dim=0),
                "a sum over the coordinates: each parameter has its own gradient": oracle.sum(
                    dim=-1
                ),
            }
            checks.equal(
                f"gradient in {parameter}", part, oracle, case=case, atol=1e-4, mistakes=mistakes
            )


@checks.exercise(reference=gradient_estimators.score_function_gradient)
def score_function_of_a_step(answer) -> None:
    """A function without a useful derivative, any number of batch axes, sizes of 1, wide Gaussians, float32."""
    rng = checks.generator("03/score_function_gradient/hidden")
    for shape in ((2, 3, 5), (4,), (1, 3), (5, 1), (1,)):
        gaussians = probes.gaussians(rng, *shape)
        samples.one_sample_of_score_function(answer, *gaussians, rng, Step(threshold=0.3))
    for batch in ((1,), (1, 3), ()):
        samples.two_samples_of_score_function(answer, rng, *batch)
    mu, log_sigma = probes.gaussians(rng, 2, 3)
    samples.one_sample_of_score_function(answer, mu, 3 * log_sigma, rng, probes.landscape)
    samples.one_sample_of_score_function(
        answer, mu.float(), log_sigma.float(), rng, probes.landscape
    )


@checks.exercise(reference=gradient_estimators.score_function_gradient)
def score_function_samples(answer) -> None:
    """The samples: their distribution, independence, number, and generator.

    With f = 1, the estimate reveals the mean of the noise of K samples, N(0, 1/K), and of its square, chi² with K
    degrees of freedom over K. A correct answer fails with probability below 1e-6.
    """
    rng = checks.generator("03/score_function_gradient/hidden_2")
    mu, log_sigma = probes.gaussians(rng, ROWS, 2, 3)
    sigma = log_sigma.exp()

    def noise(n_samples: int, generator: torch.Generator) -> list[Tensor]:
        name = samples.SCORE_FUNCTION
        in_mu, in_log_sigma = samples.estimate(
            name, answer, probes.one, mu, log_sigma, n_samples, generator
        )
        return [in_mu * sigma, in_log_sigma + 1]

    samples_are_right(samples.SCORE_FUNCTION, noise, rng)


@checks.exercise(reference=gradient_estimators.reparametrized_gradient)
def reparametrized_samples(answer) -> None:
    """The samples as in `score_function_samples`; shapes, float32, and a function whose values hide its derivative."""
    rng = checks.generator("03/reparametrized_gradient/hidden")
    for shape in ((2, 3, 5), (4,), (1, 3), (5, 1), (1,)):
        gaussians = probes.gaussians(rng, *shape)
        samples.one_sample_of_reparametrized(answer, *gaussians, rng, probes.landscape)
    for batch in ((1,), (1, 3), ()):
        samples.two_samples_of_reparametrized(answer, rng, *batch)
    mu, log_sigma = probes.gaussians(rng, 2, 3)
    samples.one_sample_of_reparametrized(answer, mu, 3 * log_sigma, rng, probes.landscape)
    samples.one_sample_of_reparametrized(answer, mu, log_sigma, rng, probes.rounded_landscape)
    samples.one_sample_of_reparametrized(
        answer, mu.float(), log_sigma.float(), rng, probes.landscape
    )
    means, scales = probes.gaussians(rng, ROWS, 2, 3)
    sigma, weights = scales.exp(), torch.arange(1, 4)

    def noise(n_samples: int, generator: torch.Generator) -> list[Tensor]:
        name, state = samples.REPARAMETRIZED, generator.get_state()
        in_mu, total = samples.estimate(
            name, answer, probes.linear, means, scales, n_samples, generator
        )
        label = f"{name} in mu from {n_samples} samples, f = z_1 + 2 z_2 + …"
        checks.equal(label, in_mu, weights.expand(in_mu.shape), atol=1e-5)
        mean = total / (weights * sigma)
        again = torch.Generator()
        again.set_state(state)
        _, squares = samples.estimate(
            name, answer, probes.half_square, means, scales, n_samples, again
        )
        return [mean, (squares - means * sigma * mean) / sigma**2]

    samples_are_right(samples.REPARAMETRIZED, noise, rng)


def samples_are_right(name: str, noise, rng: torch.Generator) -> None:
    """Check the noise of an estimator's samples.

    Args:
        name: the estimator.
        noise: maps K and a generator to the means of K samples' noise and of its square, each ``[ROWS, 2, 3]``.
        rng: source of the seeds.
    """
    draw = probes.seeded(rng)
    one_generator = draw()
    first, second = (noise(1, one_generator)[0] for _ in range(2))
    checks.independent_calls(name, first, second)
    checks.repeatable(name, noise(1, draw())[0], first)
    hint = "every sample is mu + sigma * noise, with new standard normal noise for each row and coordinate."
    checks.follows(f"noise of the {name}", torch.cat([first, second], dim=2), "normal", hint=hint)
    for n_samples in (5, 12):
        mean, square = noise(n_samples, one_generator)
        hint = f"average over n_samples = {n_samples} independent samples for each row."
        label = f"mean noise of {n_samples} samples of the {name}, times √{n_samples}"
        checks.follows(label, mean * n_samples**0.5, "normal", hint=hint)

        def chi_square(x: Tensor, n_samples: int = n_samples) -> Tensor:
            """Return the distribution function of chi² with n_samples degrees of freedom."""
            return torch.special.gammainc(torch.tensor(n_samples / 2).to(x), x.clamp_min(0) / 2)

        label = f"sum of the squared noise of {n_samples} samples of the {name}"
        checks.follows(label, square * n_samples, chi_square, hint=hint)


@checks.exercise(reference=gradient_estimators.leave_one_out_gradient)
def leave_one_out_of_bits(answer) -> None:
    """Bits instead of Gaussians, two batch axes or none, sizes of 1, 2 to 80 samples, float32; exact."""
    rng = checks.generator("03/leave_one_out_gradient/hidden")
    cases = {
        "two batch axes": (6, 2, 3, 5),
        "two samples": (2, 4, 3),
        "three samples of one row": (3, 1, 4),
        "one score coordinate": (7, 3, 1),
        "one row, one coordinate": (5, 1, 1),
        "no batch axis": (4, 6),
        "eighty samples": (80, 2, 3),
    }
    for case, shape in cases.items():
        bits, scores = _bits(shape, rng)
        values = (
            bits.sum(dim=-1) ** 2 - 20 + torch.randn(shape[:-1], generator=rng, dtype=torch.float64)
        )
        expected = visible.covariance_oracle(values, scores)
        mistakes = visible.leave_one_out_mistakes(values, scores)
        checks.equal(
            visible.LEAVE_ONE_OUT, answer(values, scores), expected, case=case, mistakes=mistakes
        )
    values, scores = values[:9].float(), scores[:9].float()
    expected = visible.covariance_oracle(values, scores)
    checks.equal(
        visible.LEAVE_ONE_OUT,
        answer(values, scores),
        expected,
        case="float32",
        rtol=1e-4,
        atol=1e-4,
    )


def _bits(shape: tuple[int, ...], rng: torch.Generator) -> tuple[Tensor, Tensor]:
    logits = torch.randn(shape[1:], generator=rng, dtype=torch.float64)
    bits = torch.bernoulli(torch.sigmoid(logits).expand(shape), generator=rng)
    return bits, gradient_estimators.bernoulli_score(bits, logits)


@checks.exercise(reference=gradient_estimators.elbo_gradient)
def elbo_gradient_by_other_estimators(answer) -> None:
    """Further models, batches and data sets, a biased noise-free estimator, exactly; the score function on average.

    The result must have the estimator's bias, as only an answer that uses the estimator's result has. The estimate must
    not be differentiated: an answer passes detached parameters to the estimator, or detaches its result. A correct
    answer fails with probability below 1e-6.
    """
    rng = checks.generator("03/elbo_gradient/hidden")
    for data_dim, latent_dim, batch, n_data in (
        (2, 3, 4, 90),
        (4, 2, 3, 3),
        (3, 1, 1, 1),
        (1, 2, 6, 45),
        (2, 1, 3, 2000),
    ):
        model = LinearVAE(data_dim=data_dim, latent_dim=latent_dim).double().reset(rng)
        x = 1 + torch.randn(batch, data_dim, generator=rng, dtype=torch.float64)
        exact, kl = (
            visible.exact_elbo_gradient(model, x, n_data),
            visible.kl_gradient(model, x, n_data),
        )
        mistakes = visible.elbo_mistakes(exact, kl, n_data, batch)
        case = f"B = {batch}, n = {n_data}, d = {latent_dim}, D = {data_dim}"
        given = (model, x, n_data, probes.sigma_point_gradient, 6 * latent_dim, rng)
        checks.equal(
            "ELBO gradient",
            visible.flat(answer(*given), model),
            exact,
            case=case,
            mistakes=mistakes,
        )
        for n_samples in (1, 2 * latent_dim + 1):
            given = (model, x, n_data, probes.biased_sigma_point_gradient, n_samples, rng)
            name = f"ELBO gradient of a biased estimator, n_samples = {n_samples}"
            checks.equal(name, visible.flat(answer(*given), model), carried(*given), case=case)
    one_image(answer, rng)
    same_generator(answer)


def one_image(answer, rng: torch.Generator) -> None:
    """Check the estimate from one image, given the estimator's result from a generator with the same seed; exact."""
    model = LinearVAE(data_dim=3, latent_dim=2).double().reset(rng)
    x = torch.randn(1, 3, generator=rng, dtype=torch.float64)
    draw = probes.seeded(rng)
    for estimator in (
        gradient_estimators.score_function_gradient,
        gradient_estimators.reparametrized_gradient,
    ):
        actual = visible.flat(answer(model, x, 8, estimator, 5, draw()), model)
        expected = carried(model, x, 8, estimator, 5, draw())
        checks.equal(f"ELBO gradient of one image by {estimator.__name__}", actual, expected)


def carried(
    model: LinearVAE, x: Tensor, n_data: int, estimator, n_samples: int, generator: torch.Generator
) -> Tensor:
    """Return the gradient (3.15) from one estimate per image, carried to the encoder row by row."""
    total: Tensor | float = 0.0
    for row in x.split(1):
        mu, log_sigma = (value.detach()[0] for value in model.encode(row))

        def f(z: Tensor, row: Tensor = row) -> Tensor:
            return model.log_likelihood(row, z[:, None])[:, 0]

        in_mu, in_log_sigma = estimator(f, mu, log_sigma, n_samples, generator)
        in_mu, in_log_sigma = in_mu - mu, in_log_sigma + 1 - (2 * log_sigma).exp()
        total = total + torch.cat([torch.outer(in_mu, row[0]).flatten(), in_mu, in_log_sigma])
    return n_data / len(x) * total


def same_generator(answer) -> None:
    """Check the score function's estimate: correct on average, repeatable from its generator, new in a second call."""
    rng = checks.generator("03/elbo_gradient/hidden/score function")
    model, x = visible.steady_model(data_dim=2, latent_dim=3, batch=4)
    estimator, draw = gradient_estimators.score_function_gradient, probes.seeded(rng)
    one_generator = draw()
    rows = [
        visible.flat(answer(model, x, 90, estimator, 300, one_generator), model) for _ in range(100)
    ]
    exact = visible.exact_elbo_gradient(model, x, 90)
    checks.mean_equals(
        "score-function ELBO gradient", torch.stack(rows), exact, false_alarm_rate=5e-7
    )
    again = visible.flat(answer(model, x, 90, estimator, 300, draw()), model)
    checks.repeatable("ELBO gradient", again, rows[0])
    checks.independent_calls("ELBO gradient", rows[0], rows[1])
