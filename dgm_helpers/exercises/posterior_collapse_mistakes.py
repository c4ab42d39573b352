"""Values that typical mistakes in the exercises of lecture 07 give, by the hint that names them."""

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from dgm_helpers.exercises import posterior_collapse_oracles as oracles
from dgm_helpers.objectives import distributions


def without_latents(mu: Tensor, Sigma: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (7.6) give, by hint."""
    variances, size = Sigma.diagonal(), len(mu)
    log_two_pi, exact = math.log(2 * math.pi), oracles.fit_without_latents(mu, Sigma)
    return {
        "log det Σ instead of the sum of the log-variances: only latents can reach that": -MultivariateNormal(
            mu, Sigma
        ).entropy(),
        "the constant 2π missing from the logarithm": exact + 0.5 * size * log_two_pi,
        "the 1 missing: at the best variance the fraction in (7.5) is 1, not 0": exact + 0.5 * size,
        "the factor ½ missing": 2 * exact,
        "the factor ½ missing from the logarithm": 2 * exact + 0.5 * size,
        "standard deviations instead of variances": exact + 0.25 * variances.log().sum(),
        "the entropy: the ELBO is minus the entropy": -exact,
        "a mean over the coordinates: (7.6) is a sum": exact / size,
        "one number per coordinate: return their sum": -0.5 * (1 + log_two_pi + variances.log()),
        "one variance for all coordinates: the decoder has one for each": -0.5
        * size
        * (1 + log_two_pi + variances.mean().log()),
        "E x² instead of the variance: the decoder's mean is free and follows the data's": -0.5
        * (1 + log_two_pi + (variances + mu**2).log()).sum(),
        "a decoder of variance 1: the best variances are those of the data": -0.5
        * (log_two_pi + variances).sum(),
    }


def benefit(Sigma: Tensor, exact: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (7.7) give, by hint."""
    variances = Sigma.diagonal()
    total = variances.log().sum()
    log_det = total - 2 * exact
    correlations = Sigma / torch.outer(variances, variances).sqrt()
    return {
        "log det Σ added: it is subtracted": 0.5 * (total + log_det),
        "the opposite sign: latents cannot lower the best ELBO": -exact,
        "the factor ½ missing": 2 * exact,
        "the factor ½ missing from log det Σ": 0.5 * total - log_det,
        "the factor ½ missing from the log-variances": total - 0.5 * log_det,
        "log det Σ without the variances": -0.5 * log_det,
        "standard deviations instead of variances": 0.5 * (0.5 * total - log_det),
        "the sum over the pairs of coordinates: that is right only for two of them": -0.5
        * (1 - correlations.triu(1) ** 2).log().sum(),
        "bits: return nats": exact / math.log(2),
    }


def noise(values: Tensor, d: int) -> dict[str, Tensor]:
    """Return the values that typical mistakes in the noise variance give, by hint; eigenvalues in descending order."""
    discarded, size = values[d:], len(values)
    return {
        "the mean of the largest eigenvalues: eigh sorts them in ascending order": values[: size - d].mean(),
        "the mean of the kept eigenvalues: the discarded ones are the noise": values[:d].mean(),
        "a division by D - d - 1: this is a mean, not a sample variance": discarded.sum() / (size - d - 1),
        "a division by D: only D - d eigenvalues are discarded": discarded.sum() / size,
        "the sum of the discarded eigenvalues: return their mean": discarded.sum(),
        "the mean of all eigenvalues: only the discarded ones count": values.mean(),
        "the largest of the discarded eigenvalues: return their mean": discarded[0],
        "the smallest eigenvalue: return the mean of the discarded ones": discarded[-1],
        "s: return its square, the variance": discarded.mean().sqrt(),
    }


def weight(Sigma: Tensor, values: Tensor, vectors: Tensor) -> dict[str, Tensor]:
    """Return the W Wᵀ of typical mistakes for d = 2, by hint; eigenvalues in descending order."""
    top, low, noise = vectors[:, :2], vectors[:, -2:].flip(1), values[2:].mean()
    kept, rows = values[:2] - noise, torch.linalg.eigh(Sigma).eigenvectors.flip(1).T

    def product(columns: Tensor, weights: Tensor) -> Tensor:
        return (columns * weights) @ columns.T

    return {
        "the eigenvectors of the smallest eigenvalues: eigh sorts in ascending order": product(low, kept),
        "the eigenvectors in the rows: eigh returns them in the columns": product(rows[:, :2], kept),
        "the noise not subtracted: that is PCA": product(top, values[:2]),
        "the root missing: columns are scaled by a standard deviation": product(top, kept**2),
        "the eigenvectors, not scaled": top @ top.T,
        "s instead of s²": product(top, values[:2] - noise.sqrt()),
    }


def elbo(x: Tensor, parameters: list[Tensor], exact: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (7.18) and (7.19) give, by hint."""
    weight, bias, log_noise, encoder_weight, encoder_bias, log_sigma = parameters
    mean = x @ encoder_weight.T + encoder_bias
    zeros, wide = torch.zeros_like(mean), log_sigma.expand_as(mean)
    kl = distributions.kl_to_standard_normal(mean, wide)
    reverse = distributions.kl_diagonal_gaussians(zeros, zeros, mean, wide)
    variance, noise = torch.exp(2 * log_sigma), log_noise.exp()[:, None]
    trace = 0.5 * (variance * (weight / noise) ** 2).sum()
    without = exact + trace
    return {
        "the trace of (7.18) missing: that is the decoder at the encoder's mean only": without,
        "the trace added: a wide code reconstructs worse": exact + 2 * trace,
        "the trace without its factor ½": exact - trace,
        "the trace divided by s, not by its square": without - 0.5 * (variance * weight**2 / noise).sum(),
        "a trace without the noise": without - 0.5 * (variance * weight**2).sum(),
        "σ instead of σ² in the trace": without - 0.5 * (variance.sqrt() * (weight / noise) ** 2).sum(),
        "the KL added: it is subtracted": exact + 2 * kl,
        "the KL missing": exact + kl,
        "the KL the other way: (7.19) is KL(q(z|x) || p(z))": exact + kl - reverse,
        "`log_noise` used as log s²: it is log s": oracles.dense_elbo(
            x, weight, bias, log_noise / 2, *parameters[3:]
        ),
        "`encoder_log_sigma` used as log σ²: it is log σ": oracles.dense_elbo(
            x, *parameters[:5], log_sigma / 2
        ),
        "the decoder without its bias": oracles.dense_elbo(x, weight, 0 * bias, *parameters[2:]),
        "the encoder without its bias": oracles.dense_elbo(x, *parameters[:4], 0 * encoder_bias, log_sigma),
        "a mean over the batch: return one ELBO per data point": exact.mean(),
        "a sum over the batch: return one ELBO per data point": exact.sum(),
    }


def collapsed(kl: Tensor, threshold: float, exact: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in the verdict give, by hint."""

    def verdict(values: Tensor) -> Tensor:
        return (values <= threshold).double()

    return {
        "the active units: 1 marks a collapsed one": 1 - exact,
        "the largest KL of a unit: compare its average over the data": verdict(kl.amax(dim=0)),
        "the smallest KL of a unit: compare its average over the data": verdict(kl.amin(dim=0)),
        "the median over the data: compare the average": verdict(kl.median(dim=0).values),
        "the sum over the data: compare the average": verdict(kl.sum(dim=0)),
        "an average over the units: the data points are the first axis": verdict(kl.mean(dim=1)),
        "a verdict per data point: compare the average over the data": verdict(kl),
        "one verdict for all units: compare each unit's average": verdict(kl.mean()),
        "the variance of the KL: compare its average": verdict(kl.var(dim=0)),
    }
