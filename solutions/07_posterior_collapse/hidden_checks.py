"""Hidden checks of lecture 07, posterior collapse."""

import math
import torch
from dgm_helpers import checks, data
from dgm_helpers.exercises import posterior_collapse_oracles as oracles
from dgm_helpers.exercises.posterior_collapse import LIBRARY_ELBO, collapsed_units
from dgm_helpers.objectives import collapse
from torch import Generator, Tensor
from torch.distributions import Normal


@checks.exercise(reference=collapse.best_elbo_without_latents)
def other_variances(answer) -> None:
    """One coordinate, variances from 1e-8 to 1e6, a mean of 1,000, and 300 coordinates; exact.

    The product of the 300 variances is 1e-900: the logarithms must be summed.
    """
    draw = checks.generator("07/best_elbo_without_latents/hidden")
    logarithmic = 10 ** oracles.spaced(draw, -8, 6, 6)
    for case, variances, mean in (
        ("D = 1, positive", torch.tensor([0.01], dtype=torch.float64), 3.0),
        ("D = 1, negative", torch.tensor([7.0], dtype=torch.float64), 3.0),
        ("D = 2", torch.tensor([0.5, 4.0], dtype=torch.float64), 0.0),
        ("variances from 1e-8 to 1e6", logarithmic, 1.0),
        ("a mean of 1,000", oracles.spaced(draw, 0.2, 2.0, 3), 1000.0),
        ("D = 300", oracles.spaced(draw, 5e-4, 2e-3, 300), 1.0),
    ):
        mu = mean * oracles.signs(draw, len(variances))
        Sigma, _ = (
            oracles.dependent(draw, variances) if len(variances) < 100 else chain(variances, 0.9)
        )
        exact = -Normal(mu, Sigma.diagonal().sqrt()).entropy().sum()
        answered = answer(mu, Sigma)
        checks.equal("best ELBO without latents", answered, exact, unit="nats", case=case)


def chain(variances: Tensor, rho: float) -> tuple[Tensor, Tensor]:
    """Return a covariance in which each coordinate depends on the one before it, and its total correlation."""
    steps = torch.arange(len(variances), dtype=torch.float64)
    scale = variances.sqrt()
    covariance = scale[:, None] * rho ** (steps[:, None] - steps).abs() * scale
    return covariance, torch.tensor(-0.5 * (len(variances) - 1) * math.log(1 - rho**2)).double()


@checks.exercise(reference=collapse.latent_benefit)
def other_units(answer) -> None:
    """One to 250 coordinates, in other units, with variances from 1e-12 to 1e12, and correlations of 0.999999; exact.

    The 250 are a chain: their determinants are 1e-1173, 1e-423 and 1e327, and that of their correlations is 1e-423.
    """
    draw = checks.generator("07/latent_benefit/hidden")
    for size in (1, 2, 7):
        units = 10 ** oracles.spaced(draw, -1, 1, size) if size > 1 else torch.ones(1).double()
        for scale in (1.0, 1e-10, 1e10):
            Sigma, exact = oracles.dependent(draw, scale * units**2)
            case = f"D = {size}, variances of about {scale:g}"
            checks.equal("benefit of latents", answer(Sigma), exact, unit="nats", case=case)
    for rho in (1 - 1e-6, 1e-6 - 1):
        Sigma = torch.tensor([[9.0, 3 * rho], [3 * rho, 1.0]], dtype=torch.float64)
        exact = -0.5 * (math.log1p(rho) + math.log1p(-rho))
        checks.equal(
            "benefit of latents", answer(Sigma), exact, unit="nats", case=f"correlation {rho}"
        )
    for variance in (1e-3, 1.0, 1e3):
        Sigma, exact = chain(torch.full((250,), variance, dtype=torch.float64), 0.99)
        case = f"D = 250, variance {variance:g}"
        checks.equal("benefit of latents", answer(Sigma), exact, unit="nats", case=case)


@checks.exercise(reference=collapse.ppca_solution)
def other_models(answer) -> None:
    """Noise variance, W Wᵀ and Wᵀ W for other sizes, scales and float32, with d = 1 and d = D - 1; exact.

    Also multiples of the identity, however their eigenvalues are rounded: without a clamp, several of the 24
    variances give the root of a negative number.
    """
    draw = checks.generator("07/ppca_solution/hidden")
    for size, d, scale, dtype in (
        (12, 4, 1.0, torch.float64),
        (9, 1, 1e-8, torch.float64),
        (5, 4, 1.0, torch.float64),
        (2, 1, 1e4, torch.float64),
        (3, 2, 1e-2, torch.float64),
        (11, 8, 1.0, torch.float64),
        (4, 2, 1.0, torch.float32),
    ):
        values = scale * 1.4 ** torch.arange(size - 1, -1, -1, dtype=torch.float64)
        Sigma, vectors = oracles.with_spectrum(draw, values)
        weight, noise = checks.unpack("ppca_solution", answer(Sigma.to(dtype), d), 2)
        weight = checks.as_tensor("W", weight, (size, d))
        case = f"D = {size}, d = {d}, {dtype}".removesuffix(", torch.float64")
        kept, atol = values[:d] - values[d:].mean(), 1e-6 * float(values[0])
        exact = (vectors[:, :d] * kept) @ vectors[:, :d].T
        checks.equal("noise variance s²", noise, values[d:].mean(), case=case, atol=atol / 10)
        checks.equal("W Wᵀ", weight @ weight.T, exact, case=case, atol=5 * atol)
        checks.equal("Wᵀ W", weight.T @ weight, torch.diag(kept), case=case, atol=5 * atol)
    for tenths in range(1, 25):
        variance = tenths / 10
        Sigma = variance * torch.eye(9, dtype=torch.float64)
        weight, noise = checks.unpack("ppca_solution", answer(Sigma, 2), 2)
        case = f"Σ = {variance} I"
        checks.equal("noise variance s²", noise, variance, case=case)
        checks.equal("W", weight, torch.zeros(9, 2), case=case)


@checks.exercise(reference=LIBRARY_ELBO)
def extreme_models(answer) -> None:
    """More latents than data dimensions, sizes of 1, standard deviations from e⁻⁵ to e³, and pPCA's optimum; exact.

    The decoder's weights are between 1.2 and 3.9, its biases between 1.5 and 4.5, of either sign.
    The oracle is log p(x) minus the KL to the posterior, from dense Gaussians.
    """
    draw = checks.generator("07/linear_vae_elbo/hidden")
    for data_dim, latent_dim, batch, noise, sigma in (
        (2, 5, 3, (-1.0, 1.0), (-1.0, 1.0)),
        (6, 3, 1, (-1.0, 1.0), (-1.0, 1.0)),
        (1, 1, 4, (-1.0, 1.0), (-1.0, 1.0)),
        (1, 2, 1, (-1.0, 1.0), (-1.0, 1.0)),
        (3, 1, 2, (-1.0, 1.0), (-1.0, 1.0)),
        (4, 3, 5, (-5.0, -3.0), (-3.0, -1.0)),
        (4, 3, 5, (1.0, 3.0), (-1.0, 1.0)),
        (4, 3, 5, (-0.5, 0.5), (-5.0, 3.0)),
    ):
        parameters = oracles.linear_vae(draw, data_dim, latent_dim)
        parameters[:2] = [3 * parameters[0], 3 * parameters[1]]
        parameters[2] = oracles.spaced(draw, *noise, data_dim)
        parameters[5] = oracles.spaced(draw, *sigma, latent_dim)
        x = oracles.spaced(draw, 0.3, 3.0, batch, data_dim) * oracles.signs(draw, batch, data_dim)
        exact = oracles.dense_elbo(x, *parameters)
        sizes = f"{data_dim} data dimensions, {latent_dim} latents, {batch} points"
        case = f"{sizes}, log s from {noise[0]:g} to {noise[1]:g}, log σ from {sigma[0]:g} to {sigma[1]:g}"
        checks.equal("ELBO", answer(x, *parameters), exact, unit="nats", case=case)
    average_at_optimum(answer, draw)


def average_at_optimum(answer, draw: Generator) -> None:
    """Compare the average at pPCA's optimum for 40 points with pPCA's log-likelihood (7.17), from eigenvalues.

    At the two scales the average is about -6 nats and about 15 nats.
    """
    for scale in (1.0, 1e-3):
        values = scale * torch.tensor([4.0, 2.0, 0.7, 0.4, 0.2, 0.1], dtype=torch.float64)
        Sigma, vectors = oracles.with_spectrum(draw, values)
        bias = oracles.spaced(draw, 0.5, 1.5, 6)
        noise = values[2:].mean()
        x = data.gaussian(bias, Sigma, 40, draw, exact=True)
        decoder = [vectors[:, :2] * (values[:2] - noise).sqrt(), bias, 0.5 * noise.log().expand(6)]
        parameters = [*decoder, *oracles.exact_encoder(*decoder)]
        elbo = checks.as_tensor("ELBO", answer(x, *parameters), (40,))
        exact = -0.5 * (
            6 * math.log(2 * math.pi * math.e) + values[:2].log().sum() + 4 * noise.log()
        )
        checks.equal(
            "average ELBO at the optimum", elbo.mean(), exact, unit="nats", case=f"scale {scale:g}"
        )


@checks.exercise(reference=LIBRARY_ELBO)
def gradients(answer) -> None:
    """Gradients of a weighted sum over the batch, in each of the six parameters, against the dense oracle; exact."""
    draw = checks.generator("07/linear_vae_elbo/hidden_2")
    parameters = [p.requires_grad_() for p in oracles.linear_vae(draw, 3, 2)]
    x = oracles.spaced(draw, 0.3, 2.0, 4, 3) * oracles.signs(draw, 4, 3)
    weights = oracles.spaced(draw, 0.5, 2.0, 4)
    elbo, exact = answer(x, *parameters), oracles.dense_elbo(x, *parameters)
    checks.equal("ELBO", elbo, exact, unit="nats")
    checks.true(
        "ELBO",
        isinstance(elbo, Tensor) and elbo.requires_grad,
        "carries no gradient: it cannot be trained",
        hint="avoid detach(), no_grad() and item() between the parameters and the result.",
    )
    found = torch.autograd.grad((weights * elbo).sum(), parameters, allow_unused=True)
    expected = torch.autograd.grad((weights * exact).sum(), parameters)
    for name, gradient, oracle in zip(oracles.NAMES, found, expected, strict=True):
        gradient = torch.zeros_like(oracle) if gradient is None else gradient
        checks.equal(f"gradient with respect to {name}", gradient, oracle)


@checks.exercise(reference=collapse.is_collapsed)
def thresholds(answer) -> None:
    """Other thresholds, as many points as units, equality, a threshold of 0, one point, one unit; exact."""
    draw = checks.generator("07/is_collapsed/hidden")
    averages = torch.tensor([0.999, 1.001, 5.0, 0.0, 0.2, 40.0, 0.9, 1.1, 0.5, 2.0, 0.7, 1.3])
    for n, d, threshold in ((8, 8, 0.3), (200, 3, 1e-9), (5, 12, 20.0), (1, 5, 0.4), (6, 1, 2.0)):
        # Sorted, so that the average over a part of the points is different.
        shares = (
            torch.linspace(0.1, 3.0, n, dtype=torch.float64)[:, None]
            if n > 1
            else torch.ones(1, 1).double()
        )
        order = torch.randperm(d, generator=draw)
        relative = averages[:d][order].double()
        kl = threshold * shares / shares.mean() * relative
        case = f"shape {[n, d]}, threshold {threshold:g}"
        collapsed_units(answer, kl, threshold, (relative < 1).double(), case)
    for dtype in (torch.float64, torch.float32):
        kl = torch.tensor([[0.0, 0.25, 0.5, 1.0], [0.0, 0.75, 0.5, 1e-6]], dtype=dtype)
        exact = torch.tensor([1.0, 1.0, 1.0, 0.0])
        collapsed_units(answer, kl, 0.5, exact, f"equality, {dtype}")
        exact = torch.tensor([1.0, 0.0, 0.0, 0.0])
        collapsed_units(answer, 1e-12 * kl, 0.0, exact, f"threshold 0, {dtype}")
