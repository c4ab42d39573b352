"""Hidden checks of lecture 08, ELBO surgery."""

import math
import torch
from dgm_helpers import checks
from dgm_helpers.exercises.elbo_surgery import (
    INFORMATION,
    MARGINAL,
    THREE_WAYS,
    equal_z_scores,
)
from dgm_helpers.exercises.elbo_surgery_oracles import (
    average_kl,
    chosen_sweeps,
    encoders,
    index_entropy,
    linear_vae,
    log_densities,
    log_mixture,
    mixture_prior,
    sample_terms,
    three_forms,
)
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.objectives import surgery
from torch import Tensor
from typing import Any

SINGLE = {"rtol": 1e-4, "atol": 1e-3}  # for arguments in float32


def equal_forms(answer, model: LinearVAE, x: Tensor, case: str, **tolerance: float) -> None:
    """Check all six terms for one model and batch."""
    terms = checks.as_tensor("terms of the three forms", answer(model, x), (3, 2, len(x)))
    exact = three_forms(model, x)
    for form, name in enumerate(("evidence and posterior KL", "negative energy and entropy",
                                 "reconstruction and KL to the prior")):  # fmt: skip
        checks.equal(name, terms[form], exact[form], case=case, unit="nats", **tolerance)


@checks.exercise(reference=THREE_WAYS)
def elbo_other_sizes(answer) -> None:
    """More latents than data dimensions, equal numbers of both, and sizes of 1; exact."""
    draw = checks.generator("08/elbo_three_ways/hidden")
    for data, latent, batch in ((2, 4, 3), (3, 3, 3), (6, 3, 1), (4, 1, 2), (1, 2, 5)):
        x = 2 * torch.randn(batch, data, generator=draw, dtype=torch.float64)
        case = f"D = {data}, d = {latent}, B = {batch}"
        equal_forms(answer, linear_vae(draw, data, latent), x, case)


@checks.exercise(reference=THREE_WAYS)
def elbo_other_widths(answer) -> None:
    """Little and much decoder noise, narrow and wide encoders, and float32; exact.

    With the best encoder and little noise the evidence and the reconstruction are positive.
    """
    draw = checks.generator("08/elbo_three_ways/hidden_2")
    for log_noise in (-5.0, 1.5):
        best, other = (linear_vae(draw, 5, 3, log_noise=log_noise) for _ in range(2))
        x = best.sample(4, draw).detach()
        equal_forms(answer, best.set_best_encoder(), x, f"log s = {log_noise}, the best encoder")
        with torch.no_grad():
            other.encoder_log_sigma.copy_(torch.tensor([-3.5, 2.5, 0.5]))
        equal_forms(answer, other, x, f"log s = {log_noise}, narrow and wide encoders")
    model = linear_vae(draw, 4, 2).float()
    equal_forms(answer, model, torch.randn(3, 4, generator=draw), "float32", **SINGLE)


@checks.exercise(reference=surgery.aggregated_posterior_log_prob)
def far_points(answer) -> None:
    """Points so far away that every density underflows, and points at the codes, where log q(z) is positive; exact."""
    draw = checks.generator("08/aggregated_posterior_log_prob/hidden")
    mu, log_sigma = encoders(draw, 5, 3, narrow=-5.0, wide=-1.0)
    signs = torch.tensor([[1.0, 1, 1], [-1, 1, -1], [1, -1, -1], [-1, -1, 1]], dtype=torch.float64)
    far = signs * (100 + 20 * torch.rand(4, 3, generator=draw, dtype=torch.float64))
    wide = log_sigma + 6
    for points, widths, case in (
        (far, log_sigma, "far away"),
        (far, wide, "far away, wide encoders"),
        (mu, log_sigma, "at the codes"),
        (mu.flip(0), wide, "at the codes, wide encoders"),
    ):
        exact = log_mixture(points, mu, widths)
        checks.equal("log q(z)", answer(points, mu, widths), exact, case=case, unit="nats")


@checks.exercise(reference=surgery.aggregated_posterior_log_prob)
def sizes_of_one(answer) -> None:
    """A single point without a batch axis, single encoders, single latents, more batch axes, and float32; exact."""
    draw = checks.generator("08/aggregated_posterior_log_prob/hidden_2")
    shapes = (((2,), 4), ((1,), 3), ((1, 1), 5), ((5, 1), 5), ((3, 4, 2), 4), ((2, 1, 3), 1), ((1, 3), 1),
              ((1, 1, 1), 1), ((2, 3, 4, 2), 6))  # fmt: skip
    for shape, n in shapes:
        mu, log_sigma = encoders(draw, n, shape[-1])
        z = 2 * torch.randn(shape, generator=draw, dtype=torch.float64)
        case = f"points {list(shape)}, {n} encoder{'s' if n > 1 else ''}"
        exact = log_mixture(z, mu, log_sigma)
        checks.equal("log q(z)", answer(z, mu, log_sigma), exact, case=case, unit="nats")
    z, mu, log_sigma = z.float(), mu.float(), log_sigma.float()
    exact = log_mixture(z, mu, log_sigma)
    checks.equal("log q(z)", answer(z, mu, log_sigma), exact, case="float32", unit="nats", **SINGLE)


def equal_information(
    answer, z: Tensor, mu: Tensor, log_sigma: Tensor, case: str, **tolerance: float
) -> None:
    """Check (8.19) for one set of samples."""
    exact = math.log(len(mu)) - index_entropy(log_densities(z, mu, log_sigma)).mean()
    checks.equal(
        "mutual information", answer(z, mu, log_sigma), exact, case=case, unit="nats", **tolerance
    )


@checks.exercise(reference=INFORMATION)
def other_overlaps(answer) -> None:
    """Encoders that overlap much, little, and partly, narrow and wide, up to forty of them; exact."""
    draw = checks.generator("08/index_mutual_information/hidden")
    for n, spread, narrow, wide in (
        (3, 0.01, -0.1, 0.1),
        (8, 0.3, -0.5, 0.5),
        (5, 4.0, -4.0, 3.0),
        (40, 1.0, -3.0, 1.0),
    ):
        mu, log_sigma = encoders(draw, n, 3, spread=spread, narrow=narrow, wide=wide)
        z = surgery.sample_encoders(mu, log_sigma, 2, draw)
        equal_information(answer, z, mu, log_sigma, f"{n} encoders of spread {spread}")


@checks.exercise(reference=INFORMATION)
def information_sizes_of_one(answer) -> None:
    """One sweep, one encoder, two encoders, one latent dimension, as many sweeps as encoders, and float32; exact."""
    draw = checks.generator("08/index_mutual_information/hidden_2")
    for sweeps, n, latent in ((1, 4, 2), (5, 5, 1), (3, 1, 2), (1, 1, 1), (6, 2, 1), (4, 4, 4)):
        mu, log_sigma = encoders(draw, n, latent)
        z = surgery.sample_encoders(mu, log_sigma, sweeps, draw)
        equal_information(answer, z, mu, log_sigma, f"samples [{sweeps}, {n}, {latent}]")
    z, mu, log_sigma = z.float(), mu.float(), log_sigma.float()
    equal_information(answer, z, mu, log_sigma, "float32", **SINGLE)


def equal_marginal(
    answer, z: Tensor, mu: Tensor, log_sigma: Tensor, prior, case: str, **options: Any
) -> None:
    """Check (8.20) for one set of samples and one prior."""
    exact = (log_mixture(z, mu, log_sigma) - prior.log_prob(z).double().detach()).mean()
    checks.equal(
        "marginal KL", answer(z, mu, log_sigma, prior), exact, case=case, unit="nats", **options
    )


@checks.exercise(reference=MARGINAL)
def other_priors(answer) -> None:
    """Mixtures as priors, narrow and wide encoders, and samples whose estimate is negative; exact."""
    draw = checks.generator("08/marginal_kl/hidden")
    for narrow, wide in ((-5.0, -3.0), (-1.0, 1.0), (2.2, 3.5)):
        mu, log_sigma = encoders(draw, 5, 3, narrow=narrow, wide=wide)
        z = surgery.sample_encoders(mu, log_sigma, 4, draw)
        case = f"a mixture as prior, log_sigma from {narrow} to {wide}"
        equal_marginal(answer, z, mu, log_sigma, mixture_prior(draw, 3), case)
    mu, log_sigma = torch.tensor([[[-1.0], [1.2]], [[0.1], [-0.1]]]).double()
    middle = torch.tensor([[[0.1], [-0.2]], [[-0.3], [0.25]]]).double()  # here q(z) < p(z)
    prior = StandardNormal(latent_dim=1).double()
    negative = (log_mixture(middle, mu, log_sigma) - prior.log_prob(middle)).mean()
    mistakes = {
        "the absolute value: an estimate of a KL may be negative": -negative,
        "0 for a negative estimate: return it unchanged": 0.0,
    }
    equal_marginal(
        answer, middle, mu, log_sigma, prior, "samples between the codes", mistakes=mistakes
    )


@checks.exercise(reference=MARGINAL)
def marginal_sizes_of_one(answer) -> None:
    """One sweep, one encoder, one latent dimension, as many sweeps as encoders, and float32; exact."""
    draw = checks.generator("08/marginal_kl/hidden_2")
    for sweeps, n, latent in ((1, 4, 2), (5, 5, 1), (3, 1, 2), (1, 1, 1), (6, 2, 1), (4, 4, 4)):
        mu, log_sigma = encoders(draw, n, latent)
        z = surgery.sample_encoders(mu, log_sigma, sweeps, draw)
        prior = StandardNormal(latent_dim=latent).double()
        equal_marginal(answer, z, mu, log_sigma, prior, f"samples [{sweeps}, {n}, {latent}]")
    z, mu, log_sigma = z.float(), mu.float(), log_sigma.float()
    equal_marginal(answer, z, mu, log_sigma, mixture_prior(draw, 4).float(), "float32", **SINGLE)


def equal_terms(
    answer, z: Tensor, mu: Tensor, log_sigma: Tensor, case: str, **tolerance: float
) -> None:
    """Check the three terms of (8.11) for one set of samples."""
    marginal, information = sample_terms(z, mu, log_sigma)
    exact = average_kl(mu, log_sigma), marginal.mean(), information.mean()
    terms = checks.unpack("verify_surgery", answer(z, mu, log_sigma), 4)
    for name, one, other in zip(
        ("average KL", "marginal KL", "mutual information"), terms, exact, strict=False
    ):
        checks.equal(name, one, other, case=case, unit="nats", **tolerance)


@checks.exercise(reference=surgery.verify_surgery)
def surgery_sizes_of_one(answer) -> None:
    """Two sweeps, one encoder, one latent, twenty encoders, as many sweeps as encoders, and float32; exact."""
    draw = checks.generator("08/verify_surgery/hidden")
    for sweeps, n, latent in ((2, 1, 1), (2, 5, 1), (4, 4, 2), (3, 2, 3), (3, 20, 2)):
        mu, log_sigma = encoders(draw, n, latent, spread=1.0, narrow=-2.5)
        pairs = [
            (chosen_sweeps(draw, mu, log_sigma, sweeps, high=high), mu, log_sigma)
            for high in (True, False)
        ]
        equal_terms(answer, *pairs[0], f"samples [{sweeps}, {n}, {latent}]")
        equal_z_scores(answer, pairs)
    single = [tuple(part.float() for part in one) for one in pairs]
    equal_terms(answer, *single[0], "float32", **SINGLE)
    equal_z_scores(answer, single, tolerance=1e-2)


@checks.exercise(reference=surgery.verify_surgery)
def surgery_limits(answer) -> None:
    """Identical encoders, with information 0, and separated ones, with log n; exact, including the z-scores."""
    draw = checks.generator("08/verify_surgery/hidden_2")
    log_sigma = torch.tensor([[-1.0, -0.4]]).double().repeat(6, 1)
    for gap, case in ((0.0, "identical"), (15.0, "separated")):
        mu = 1 + gap * torch.arange(6).double()[:, None] * torch.ones(6, 2).double()
        sets = [
            (chosen_sweeps(draw, mu, log_sigma, 4, high=high), mu, log_sigma)
            for high in (True, False)
        ]
        equal_terms(answer, *sets[0], f"{case} encoders")
        equal_z_scores(answer, sets)
