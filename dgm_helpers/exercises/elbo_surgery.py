"""Visible checks of lecture 08, ELBO surgery."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from dgm_helpers import checks
from dgm_helpers.exercises.elbo_surgery_oracles import (
    average_kl,
    chosen_sweeps,
    encoders,
    index_entropy,
    information_mistakes,
    linear_vae,
    log_densities,
    log_mixture,
    marginal_mistakes,
    mixture_mistakes,
    mixture_prior,
    reconstruction_mistakes,
    sample_terms,
    three_forms,
    without_own,
    z_score,
    z_score_mistakes,
)
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.priors import StandardNormal
from dgm_helpers.objectives import surgery

THREE_WAYS = (surgery.elbo_three_ways, LinearVAE.expected_log_likelihood, LinearVAE.elbo)
INFORMATION = (surgery.index_mutual_information, surgery._index_informations)
MARGINAL = (surgery.marginal_kl, surgery._log_ratios)


@checks.exercise(reference=THREE_WAYS)
def elbo_forms_one_and_three(answer) -> None:
    """The terms of (8.3) and (8.5), for four data points, five data dimensions and two latents; exact."""
    draw = checks.generator("08/elbo_three_ways/visible")
    model = linear_vae(draw, 5, 2)
    x = model.sample(4, draw).detach()
    exact, (mu, log_sigma) = three_forms(model, x), model.encode(x)
    terms = checks.as_tensor("terms of the three forms", answer(model, x), (3, 2, 4))
    checks.equal("evidence and posterior KL", terms[0], exact[0], unit="nats", mistakes={
        "the KL added: (8.3) subtracts it": exact[0] * torch.tensor([[1.0], [-1.0]])})  # fmt: skip
    mistakes = reconstruction_mistakes(model, x)
    checks.equal("reconstruction", terms[2, 0], exact[2, 0], unit="nats", mistakes=mistakes)
    standard = Normal(torch.zeros_like(mu), 1.0)
    reverse = kl_divergence(standard, Normal(mu, log_sigma.exp())).sum(dim=-1)
    checks.equal("KL to the prior", terms[2, 1], exact[2, 1], unit="nats", mistakes={
        "the KL the other way: it is KL(q(z|x) || p(z)), an expectation under q": -reverse,
        "the KL with the wrong sign: (8.5) subtracts it": -exact[2, 1]})  # fmt: skip


@checks.exercise(reference=THREE_WAYS)
def elbo_form_two(answer) -> None:
    """The terms of (8.4), for four data points, five data dimensions and two latents; exact."""
    draw = checks.generator("08/elbo_three_ways/visible_2")
    model = linear_vae(draw, 5, 2)
    x = model.sample(4, draw).detach()
    mu, log_sigma = model.encode(x)
    energy, entropy = three_forms(model, x)[1]
    decoder, decoder_at_mean = three_forms(model, x)[2, 0], model.log_likelihood(x, mu)
    prior_at_mean = Normal(0.0, 1.0).log_prob(mu).sum(dim=-1)
    terms = checks.as_tensor("terms of the three forms", answer(model, x), (3, 2, 4))
    checks.equal("expected log p(x, z)", terms[1, 0], energy, unit="nats", mistakes={
        "log p(z) at the mean of q: E log p(z) contains the variances": decoder + prior_at_mean,
        "log p(x|z) at the mean of q: its trace is missing": energy - decoder + decoder_at_mean,
        "both log-densities at the mean of q: (8.6) has variances in each": decoder_at_mean + prior_at_mean,
        "the density: its log is missing (the slip of the slide)": energy.exp(),
        "the energy: (8.4) contains the average *negative* energy": -energy})  # fmt: skip
    checks.equal("entropy", terms[1, 1], entropy, unit="nats", mistakes={
        "the entropy subtracted: (8.4) adds it": -entropy,
        "only log σ: the entropy of a Gaussian contains (1 + log 2π)/2": log_sigma.sum(dim=-1)})  # fmt: skip


@checks.exercise(reference=surgery.aggregated_posterior_log_prob)
def aggregated_posterior_log_prob(answer) -> None:
    """(8.10) for a table of points, and for samples of every encoder; exact."""
    draw = checks.generator("08/aggregated_posterior_log_prob/visible")
    mu, log_sigma = encoders(draw, 6, 2)
    points = 2 * torch.randn(4, 2, generator=draw, dtype=torch.float64)
    checks.equal("log q(z)", answer(points, mu, log_sigma), log_mixture(points, mu, log_sigma), unit="nats",
                 case="points [4, 2]", mistakes=mixture_mistakes(points, mu, log_sigma))  # fmt: skip
    z = surgery.sample_encoders(mu, log_sigma, 3, draw)
    log_q = log_densities(z, mu, log_sigma)
    others = without_own(log_q).logsumexp(dim=-1)
    checks.equal("log q(z)", answer(z, mu, log_sigma), log_mixture(z, mu, log_sigma), unit="nats",
                 case="samples [3, 6, 2]", mistakes={
        "the sample's own encoder left out: q(z) contains all n encoders": others - math.log(6),
        "the sample's own encoder left out (and n - 1 for n)": others - math.log(5),
        "the sample's own encoder only: q(z) contains all n encoders": log_q.diagonal(dim1=-2, dim2=-1),
    })  # fmt: skip


@checks.exercise(reference=INFORMATION)
def index_mutual_information(answer) -> None:
    """(8.19) for six sweeps over five encoders in two dimensions; exact."""
    draw = checks.generator("08/index_mutual_information/visible")
    mu, log_sigma = encoders(draw, 5, 2)
    z = surgery.sample_encoders(mu, log_sigma, 6, draw)
    log_q = log_densities(z, mu, log_sigma)
    exact = math.log(5) - index_entropy(log_q).mean()
    checks.equal("mutual information", answer(z, mu, log_sigma), exact, unit="nats",
                 mistakes=information_mistakes(log_q))  # fmt: skip


@checks.exercise(reference=INFORMATION)
def information_limits(answer) -> None:
    """Identical encoders give 0, encoders far apart give log n, for the code of any sweep; exact."""
    draw = checks.generator("08/index_mutual_information/visible_2")
    one, narrow = encoders(draw, 1, 2, narrow=-1.0, wide=-0.5)
    one, narrow = one.repeat(7, 1), narrow.repeat(7, 1)
    z = surgery.sample_encoders(one, narrow, 4, draw)
    checks.equal("mutual information", answer(z, one, narrow), 0.0, case="identical encoders", unit="nats")
    apart = one + 50 * torch.arange(7, dtype=torch.float64)[:, None]
    z = surgery.sample_encoders(apart, narrow, 4, draw)
    log_n = math.log(7)
    checks.equal(
        "mutual information", answer(z, apart, narrow), log_n, case="separated encoders", unit="nats"
    )


@checks.exercise(reference=MARGINAL)
def marginal_kl(answer) -> None:
    """(8.20) for five sweeps over six encoders in two dimensions, under N(0, I) and under a mixture; exact."""
    draw = checks.generator("08/marginal_kl/visible")
    mu, log_sigma = encoders(draw, 6, 2)
    z = surgery.sample_encoders(mu, log_sigma, 5, draw)
    log_q, mixture = log_densities(z, mu, log_sigma), log_mixture(z, mu, log_sigma)
    standard = StandardNormal(latent_dim=2).double()
    for prior, case in ((standard, "prior N(0, I)"), (mixture_prior(draw, 2), "a mixture as prior")):
        log_p = prior.log_prob(z).detach()
        ignored = (mixture - standard.log_prob(z)).mean()
        mistakes = (
            {"the prior N(0, I): use the prior that is passed": ignored} if prior is not standard else {}
        )
        checks.equal("marginal KL", answer(z, mu, log_sigma, prior), (mixture - log_p).mean(), unit="nats",
                     case=case, mistakes=marginal_mistakes(log_q, log_p) | mistakes)  # fmt: skip


@checks.exercise(reference=surgery.verify_surgery)
def surgery_terms(answer) -> None:
    """The three terms of (8.11) for seven sweeps over five encoders in two dimensions; exact."""
    draw = checks.generator("08/verify_surgery/visible")
    mu, log_sigma = encoders(draw, 5, 2)
    z = surgery.sample_encoders(mu, log_sigma, 7, draw)
    marginal, information = sample_terms(z, mu, log_sigma)
    log_q, log_p = log_densities(z, mu, log_sigma), Normal(0.0, 1.0).log_prob(z).sum(dim=-1)
    encoder, standard = Normal(mu, log_sigma.exp()), Normal(torch.zeros_like(mu), 1.0)
    terms = checks.unpack("verify_surgery", answer(z, mu, log_sigma), 4)
    checks.equal("average KL", terms[0], average_kl(mu, log_sigma), unit="nats", mistakes={
        "a sum over the data points: the average KL is their mean": 5 * average_kl(mu, log_sigma),
        "the KL the other way: it is KL(q(z|x_i) || p(z))": kl_divergence(standard, encoder).sum(dim=-1).mean(),
        "an estimate from the samples: then the test can't fail, so use the closed form":
            (log_q.diagonal(dim1=-2, dim2=-1) - log_p).mean(),
    })  # fmt: skip
    checks.equal(
        "marginal KL", terms[1], marginal.mean(), unit="nats", mistakes=marginal_mistakes(log_q, log_p)
    )
    checks.equal("mutual information", terms[2], information.mean(), unit="nats",
                 mistakes=information_mistakes(log_q))  # fmt: skip


@checks.exercise(reference=surgery.verify_surgery)
def surgery_z_score(answer) -> None:
    """(8.23) for overlapping encoders and 2, 3 and 6 sweeps with z-scores of both signs; exact to 1e-4."""
    draw = checks.generator("08/verify_surgery/visible_2")
    mu, log_sigma = encoders(draw, 5, 2)
    cases = [(count, high) for count in (2, 3, 6) for high in (True, False)]
    sets = [(chosen_sweeps(draw, mu, log_sigma, count, high=high), mu, log_sigma) for count, high in cases]
    looks = [z_score_mistakes(*one) for one in sets]
    mistakes = {hint: torch.stack([look[hint] for look in looks]) for hint in looks[0]}
    equal_z_scores(answer, sets, mistakes=mistakes)


def equal_z_scores(
    answer,
    sets: Sequence[tuple[Tensor, Tensor, Tensor]],
    *,
    tolerance: float = 1e-4,
    mistakes: Mapping[str, Tensor] | None = None,
) -> None:
    """Check the z-scores of several sets of samples against (8.23), all of them together."""
    scores = [checks.unpack("verify_surgery", answer(*one), 4)[3] for one in sets]
    exact = [z_score(*one) for one in sets]
    checks.equal("z-scores", scores, exact, rtol=tolerance, atol=tolerance, mistakes=mistakes)
