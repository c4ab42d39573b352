"""Oracles of the checks of lecture 05: closed forms, typical mistakes, and the noise inside an answer.

The noise that an answer draws is read off its results on a chain made for this purpose, :func:`probe`.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional as F

from dgm_helpers import checks
from dgm_helpers.models.linear_chain import LinearChain
from dgm_helpers.objectives.hierarchical import Gaussian

AWAY = 20.0  # standard deviations from a mean to the value compared with it: no noise reaches that far


def coordinate_kl(q: Gaussian | Tensor, p: Gaussian | Tensor) -> Tensor:
    """KL(q || p) of each coordinate; both are a mean and the logarithm of a standard deviation."""
    (mu_q, log_sigma_q), (mu_p, log_sigma_p) = q, p
    return kl_divergence(Normal(mu_q, log_sigma_q.exp()), Normal(mu_p, log_sigma_p.exp()))


def kl_mistakes(mu_q: Tensor, log_sigma_q: Tensor, mu_p: Tensor, log_sigma_p: Tensor) -> dict[str, Tensor]:
    """Return the values that typical mistakes in (5.14) give, by hint."""
    q, p = (mu_q, log_sigma_q), (mu_p, log_sigma_p)
    each = coordinate_kl(q, p)
    exact, log_ratio = each.sum(dim=-1), log_sigma_p - log_sigma_q
    fraction = each + 0.5 - log_ratio
    apart = each - coordinate_kl((mu_p, log_sigma_q), p)  # the means' part of the fraction
    per_distance = apart / (mu_q - mu_p)
    narrow = (fraction - apart) * (log_sigma_p - log_sigma_q).exp() + apart * log_sigma_p.exp()
    return {
        "the KL the other way, KL(p || q)": coordinate_kl(p, q).sum(dim=-1),
        "the mean over the coordinates: (5.14) is a sum": each.mean(dim=-1),
        "one number for each coordinate: return their sum": each,
        "the formula without its ½, which is subtracted for every coordinate": exact + 0.5 * each.shape[-1],
        "the ½ subtracted once: subtract it for every coordinate": exact + 0.5 * (each.shape[-1] - 1),
        "the logarithm with the wrong sign: it is log σ_p - log σ_q": exact - 2 * log_ratio.sum(dim=-1),
        "the fraction without the factor 2 in its denominator": exact + fraction.sum(dim=-1),
        "the distance of the means, not squared": exact + (per_distance - apart).sum(dim=-1),
        "σ instead of σ² in the fraction": (log_ratio + narrow - 0.5).sum(dim=-1),
        "log σ used as log σ²": coordinate_kl((mu_q, log_sigma_q / 2), (mu_p, log_sigma_p / 2)).sum(dim=-1),
        "the distance of the means divided by σ_q²: divide by σ_p²": exact
        + (apart * torch.expm1(2 * log_ratio)).sum(dim=-1),
        "the KL of two Gaussians with the same mean": exact - apart.sum(dim=-1),
        "the KL to N(0, I): p has its own mean and σ": coordinate_kl(q, (0 * mu_p, 0 * mu_p)).sum(dim=-1),
        "the sum over the batch: each pair has its own KL": exact.sum(),
        "the mean over the batch: each pair has its own KL": exact.mean(),
    }


def random_chain(dims: Sequence[int], rows: int, draw: torch.Generator) -> tuple[LinearChain, Tensor]:
    """Return a chain with random parameters, which need no gradient, and data from it."""
    model = LinearChain(data_dim=4, latent_dims=dims).double().reset(draw).requires_grad_(False)
    return model, model.sample(rows, draw)


def two_layer_chain(draw: torch.Generator) -> LinearChain:
    """Return a chain in which the samples of both layers matter, and an encoder close to the best one."""
    model, _ = random_chain((2, 2), 1, draw)
    for log_noise in model.log_noises:
        log_noise.fill_(-0.3)
    for weight in model.weights:
        weight[:2].add_(2 * torch.eye(2))
    model.biases[1].add_(2)
    for bias in model.set_best_encoder().encoder_biases:
        bias.add_(0.5)
    model.encoder_log_sigmas[0].add_(0.4)  # so that the samples of z_1 matter more than those of z_2
    return model


def layer_one_mistakes(model: LinearChain, x: Tensor, exact: Tensor) -> dict[str, Tensor]:
    """Return the mean that typical mistakes give for the KL of layer 1 of two, by hint."""
    q1, q2 = model.encode(x)
    p1, zeros = model.prior(1, q2[0]), torch.zeros_like(q2[0])
    variance = (
        model.weights[1].square() / torch.exp(2 * model.log_noises[1])[:, None]
    )  # variances of W z_2 / s, for σ = 1
    spread = 0.5 * (torch.exp(2 * q2[1]) * variance.sum(dim=0)).sum(dim=-1)
    reverse = coordinate_kl(p1, q1).sum(dim=-1)
    reverse += 0.5 * (torch.exp(-2 * q1[1]) * (torch.exp(2 * q2[1]) @ model.weights[1].square().T)).sum(
        dim=-1
    )
    from_prior = coordinate_kl(q1, model.prior(1, zeros)).sum(dim=-1) + 0.5 * variance.sum()
    own = coordinate_kl(q1, model.prior(1, q1[0])).sum(dim=-1)
    return {
        "the prior at a z_2 drawn from p(z_2): draw it from q(z_2|x)": from_prior,
        "the prior at the mean of q(z_2|x): use a sample": exact[:, 0] - spread,
        "σ² times the noise in the sample of z_2: multiply it by σ": exact[:, 0]
        - spread
        + 0.5 * (torch.exp(4 * q2[1]) * variance.sum(dim=0)).sum(dim=-1),
        "the KL to N(0, I): compare z_1 with p(z_1|z_2)": coordinate_kl(q1, (zeros, zeros)).sum(dim=-1),
        "the KL the other way, KL(p || q)": reverse,
        "the mean over the latent dimensions: the KL is their sum": exact[:, 0] / 2,
        "the prior of z_1 at z_1 itself: p(z_1|z_2) needs z_2": own
        + 0.5 * (torch.exp(2 * q1[1]) * variance.sum(dim=0)).sum(dim=-1),
    }


def elbo_mistakes(model: LinearChain, x: Tensor, exact: Tensor) -> dict[str, Tensor]:
    """Return the mean that typical mistakes give for the ELBO of a chain with two layers of two latents, by hint."""
    kl, (q1, q2) = model.exact_kl(x), model.encode(x)
    precision = (model.weights[0].T / torch.exp(2 * model.log_noises[0])) @ model.weights[0]

    def likelihood(mu: Tensor, covariance: Tensor) -> Tensor:  # its mean over z_1 ~ N(mu, covariance)
        return model.log_likelihood(x, mu) - 0.5 * torch.einsum("ij,bij->b", precision, covariance)

    variance_1, variance_2 = (torch.diag_embed(torch.exp(2 * log_sigma)) for _, log_sigma in (q1, q2))
    mean, log_sigma = model.prior(1, q2[0])
    W = model.weights[1]
    from_prior = likelihood(mean, torch.diag_embed(torch.exp(2 * log_sigma)) + W @ variance_2 @ W.T)
    scaled = (W / model.log_noises[1].exp()[:, None]).square().sum(dim=0)
    # The part of the KL that comes from the prior's mean, which varies with z_2.
    spread = 0.5 * (torch.exp(2 * q2[1]) * scaled).sum(dim=-1)
    reconstruction, zeros = likelihood(q1[0], variance_1), torch.zeros_like(q1[0])
    standard = sum(coordinate_kl(q, (zeros, zeros)).sum(dim=-1) for q in (q1, q2))
    return {
        "z_1 drawn from p(z_1|z_2): the decoder gets it from q(z_1|x)": from_prior - kl.sum(dim=-1),
        "the KL added: subtract it": exact + 2 * kl.sum(dim=-1),
        "the reconstruction only, without any KL": reconstruction,
        "the KL of layer 1 only: every layer pays": exact + kl[:, 1],
        "the KL of the top layer only: every layer pays": exact + kl[:, 0],
        "the mean over the layers: (5.16) has their sum": exact + kl.sum(dim=-1) / 2,
        "the decoder at the mean of q(z_1|x): use a sample": model.log_likelihood(x, q1[0]) - kl.sum(dim=-1),
        "the priors at the means of q: use samples": exact + spread,
        "σ² times the noise in the sample of z_1: multiply it by σ": likelihood(q1[0], variance_1**2)
        - kl.sum(dim=-1),
        "the likelihood at z_2: the decoder reads z_1": likelihood(q2[0], variance_2) - kl.sum(dim=-1),
        "the KL of every layer to N(0, I): compare z_1 with p(z_1|z_2)": reconstruction - standard,
    }


BEFORE = ((-1, -1), (-1, 0), (-1, 1), (0, -1))  # places of a 3 × 3 window that come earlier in raster order
VISIBLE = {"A": BEFORE, "B": (*BEFORE, (0, 0)), "all": (*BEFORE, (0, 0), (0, 1), (1, -1), (1, 0), (1, 1))}


def all_images(height: int, width: int) -> Tensor:
    """Return all binary images of this size, in the order of binary numbers, ``[2^(H W), 1, H, W]``."""
    bits = torch.tensor([0.0, 1.0], dtype=torch.float64)
    return torch.cartesian_prod(*[bits] * (height * width)).view(-1, 1, height, width)


def random_decoder(sizes: tuple[int, int, int, int, int], draw: torch.Generator) -> list[Tensor]:
    """Return images, codes and the four weights of (5.25), for sizes B, C, H, W and d."""
    batch, channels, height, width, latents = sizes
    x = torch.randint(2, (batch, 1, height, width), generator=draw).double()
    shapes = (
        (batch, latents),
        (channels * height * width, latents),
        (channels, 1, 3, 3),
        (channels, channels, 3, 3),
        (1, channels, 1, 1),
    )
    return [x, *(0.8 * torch.randn(shape, generator=draw, dtype=torch.float64) for shape in shapes)]


def code_maps(z: Tensor, upsample: Tensor, x: Tensor) -> Tensor:
    """Return h of (5.25), ``[B, C, H, W]``."""
    return torch.einsum("bd,nd->bn", z, upsample).unflatten(1, (-1, *x.shape[2:]))


def decoder_log_prob(
    x: Tensor,
    maps: Tensor,
    first: Tensor,
    second: Tensor,
    output: Tensor,
    *,
    kinds: tuple[str, str] = ("A", "B"),
    seen: Tensor | None = None,
    late: bool = False,
) -> Tensor:
    """Return log p(x|z) of (5.26), ``[B]``, from a sum over the places that each kernel may see.

    Args:
        x: images, ``[B, 1, H, W]``.
        maps: h, ``[B, C, H, W]``.
        first: K_1.
        second: K_2.
        output: K_3.
        kinds: the places that the first and the second kernel see.
        seen: the image that the first kernel reads, if it is not ``x``.
        late: add h after the first relu.
    """
    a = window_sum(x if seen is None else seen, first, VISIBLE[kinds[0]])
    a = a.relu() + maps if late else (a + maps).relu()
    logits = window_sum(a, second, VISIBLE[kinds[1]]).relu().mul(output).sum(dim=1, keepdim=True)
    return Bernoulli(logits=logits).log_prob(x).sum(dim=(1, 2, 3))


def window_sum(values: Tensor, kernel: Tensor, places: Sequence[tuple[int, int]]) -> Tensor:
    """Sum a kernel's entries times the values at these places around each pixel, zeros outside the image."""
    height, width = values.shape[2:]
    padded = F.pad(values, (1, 1, 1, 1))
    shifted = [padded[:, :, 1 + i : 1 + i + height, 1 + j : 1 + j + width] for i, j in places]
    entries = [kernel[:, :, 1 + i, 1 + j] for i, j in places]
    return torch.einsum("poi,pbihw->bohw", torch.stack(entries), torch.stack(shifted))


def probe(dims: Sequence[int], arrows: Mapping[int, int]) -> LinearChain:
    """Return a chain that reveals the noise drawn: q is N(0, I), and the only arrows are those given.

    The arrow of layer i, {i: c}, leads from coordinate c of z_{i+1} to the first coordinate of z_i (layer 0 is x),
    which has the mean AWAY + z_{i+1,c}. So k_i is ½ (AWAY + z_{i+1,c})², and so is -log p(x|z_1), up to ½ log 2π.
    """
    model = LinearChain(data_dim=1, latent_dims=dims).double().requires_grad_(False)
    for parameter in model.parameters():
        parameter.zero_()
    for layer, coordinate in arrows.items():
        model.biases[layer][0] = AWAY
        model.weights[layer][0, coordinate] = 1
    return model


def shifted_chain(dims: Sequence[int]) -> LinearChain:
    """Return a chain without arrows, for data of one dimension: q(z_i|x) is N(x, I), the prior N(0, I)."""
    model = probe(dims, {})
    for weight in model.encoder_weights:
        weight.fill_(1)
    return model


def seed_from(draw: torch.Generator) -> int:
    """Draw a seed."""
    return int(torch.randint(2**40, (), generator=draw))


def other_generator(draw: torch.Generator) -> torch.Generator:
    """Return a generator for an answer, so that its draws do not change the inputs that ``draw`` gives later."""
    return torch.Generator().manual_seed(seed_from(draw))


def kl_noise(answer, dims: Sequence[int], rows: int, seed: int, calls: int = 2) -> Tensor:
    """Return the noise of z_2, …, z_L in the KLs that an answer returns, ``[calls * rows, d_2 + … + d_L]``.

    Args:
        answer: the student's function.
        dims: number of latents of each layer.
        rows: data points per call.
        seed: seed of the generator that all calls share.
        calls: number of calls.
    """
    columns = {}
    for coordinate in range(max(dims[1:])):
        arrows = {layer: min(coordinate, dim - 1) for layer, dim in enumerate(dims[1:], start=1)}
        k = probed(answer, probe(dims, arrows), rows, seed, calls, (len(dims),))
        for layer, place in arrows.items():
            columns[layer, place] = (2 * k[:, layer - 1]).clamp_min(0).sqrt() - AWAY
    return torch.stack([columns[key] for key in sorted(columns)], dim=-1)


def elbo_noise(answer, dims: Sequence[int], rows: int, seed: int, calls: int = 2) -> Tensor:
    """Return the noise of z_1, …, z_L in the ELBOs that an answer returns; arguments as for :func:`kl_noise`."""
    columns = []
    for layer, coordinate in ((layer, place) for layer, dim in enumerate(dims) for place in range(dim)):
        elbo = probed(answer, probe(dims, {layer: coordinate}), rows, seed, calls, ())
        columns.append((-2 * elbo - math.log(2 * math.pi)).clamp_min(0).sqrt() - AWAY)
    return torch.stack(columns, dim=-1)


def probed(answer, model: LinearChain, rows: int, seed: int, calls: int, shape: tuple[int, ...]) -> Tensor:
    """Return the results of several calls with one generator, each ``[rows, *shape]``, concatenated."""
    generator, x = torch.Generator().manual_seed(seed), torch.zeros(rows, 1, dtype=torch.float64)
    name = "KL of each layer" if shape else "ELBO"
    results = [checks.as_tensor(name, answer(model, x, generator), (rows, *shape)) for _ in range(calls)]
    return torch.cat(results)


def standard_normal(name: str, noise: Tensor) -> None:
    """Check noise whose halves come from two calls: each follows N(0, I), and the second call draws new numbers.

    False-alarm rate 1e-6 (:func:`~dgm_helpers.checks.follows`). With 1,000 rows of two or more columns per call, a
    clamp at 2.5 is found with probability above 0.999, and so is everything that the module of `follows` lists for 200
    rows. With 3,000 rows of seven columns, a clamp at 3 is found.
    """
    first, second = noise.chunk(2)
    checks.follows(
        name, first, "normal", hint="z = μ + σ ε has ε ~ N(0, I), one for every latent and data point."
    )
    checks.independent_calls(name, first, second)
