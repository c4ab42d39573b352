"""The VAE of bits: sums over all codes as the oracle of its loss, its bound and its gradient."""

import math

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.models.bernoulli_vae import PRESETS, BernoulliVAE, sample_bits
from dgm_helpers.training import fit


def small(**options) -> BernoulliVAE:
    torch.manual_seed(0)
    model = BernoulliVAE(data_dim=6, latent_dim=3, hidden=(5,), **options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # away from the flat start, so that a wrong gradient shows
    return model


def images(generator, n=4):
    return torch.bernoulli(torch.full((n, 6), 0.5, dtype=torch.float64), generator=generator)


def test_a_reconstruction_is_decoded_from_the_most_probable_code(generator):
    model, x = small(), images(generator, 40)
    codes, logits = model.codes(), model.encode(x)
    likeliest = codes[torch.distributions.Bernoulli(logits=logits).log_prob(codes[:, None]).sum(-1).argmax(0)]
    assert ((logits > 0) & (logits < 0.5)).any()  # where another threshold than a half would show
    torch.testing.assert_close(model.reconstruct(x), model.decode(likeliest).sigmoid())


def test_codes_are_all_codes():
    codes = small().codes()
    assert codes.shape == (8, 3)
    assert len({tuple(code) for code in codes.tolist()}) == 8


def test_probabilities_of_all_images_sum_to_one():
    pixels = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 6)
    torch.testing.assert_close(small().log_prob(pixels).exp().sum().item(), 1.0)


def test_gap_between_elbo_and_log_prob_is_the_kl_to_the_posterior(generator):
    model, x = small(), images(generator)
    codes, logits = model.codes(), model.encode(x)
    q = torch.distributions.Independent(torch.distributions.Bernoulli(logits=logits), 1)
    log_q = q.log_prob(codes[:, None])
    log_joint = model.log_likelihood(x, codes[:, None].expand(-1, len(x), -1)) - 3 * math.log(2)
    gap = (log_q.exp() * (log_q - torch.log_softmax(log_joint, dim=0))).sum(dim=0)
    torch.testing.assert_close(model.log_prob(x) - model.elbo(x), gap)
    assert (gap > 0).all()


def test_under_bfloat16_autocast_the_kl_is_that_of_the_codes_distribution(generator):
    """Of logits in float32: a probability rounded to bfloat16 belongs to other logits."""
    model, x = small().float(), images(generator).float()
    with torch.autocast("cpu", torch.bfloat16):
        assert model.encoder(x).dtype == model.decoder(model.codes()).dtype == torch.bfloat16
        logits, terms = model.encode(x), model.loss(x, generator)
        assert logits.dtype == model.decode(model.codes()).dtype == torch.float32
    bits = torch.distributions.Bernoulli(logits=logits.detach().double())
    expected = torch.distributions.kl_divergence(bits, torch.distributions.Bernoulli(0.5)).sum(dim=-1).mean()
    torch.testing.assert_close(terms["kl"].detach().double(), expected, rtol=1e-5, atol=0)
    terms["loss"].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_kl_is_the_sum_over_codes(generator):
    model, x = small(), images(generator)
    logits = model.encode(x)
    log_q = torch.distributions.Bernoulli(logits=logits).log_prob(model.codes()[:, None]).sum(dim=-1)
    torch.testing.assert_close(model.kl(logits), (log_q.exp() * (log_q + 3 * math.log(2))).sum(dim=0))


def test_loss_and_its_gradient_have_the_exact_means(generator):
    model, x = small(samples=4), images(generator)
    parameters = list(model.parameters())
    exact = torch.autograd.grad(-model.elbo(x).mean(), parameters)
    rows, losses = [], []
    for _ in range(1000):
        loss = model.loss(x, generator)["loss"]
        rows.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]))
        losses.append(loss.detach())
    checks.mean_equals("loss", torch.stack(losses), -model.elbo(x).mean())
    checks.mean_equals("gradient", torch.stack(rows), torch.cat([g.flatten() for g in exact]))


def test_bits_have_their_probabilities(generator):
    logits = torch.tensor([-2.0, 0.0, 1.0], dtype=torch.float64)
    bits = sample_bits(logits.expand(20_000, 3), generator)
    assert set(bits.unique().tolist()) == {0.0, 1.0}
    checks.mean_equals("bits", bits, torch.sigmoid(logits))


def test_training_raises_the_exact_elbo(generator):
    model, x = small(), images(generator, 64)
    x[:, 3:] = x[:, :1]  # four pixels that go together: worth a bit
    before = model.elbo(x).mean().item()
    history = fit(model, x, steps=300, batch_size=32, learning_rate=0.02)
    assert model.elbo(x).mean().item() > before + 1
    assert -history["loss"][-1] <= -3 * math.log(2) + 0.3  # three fair pixels cannot be told better


def test_pictures_are_probabilities(generator):
    model, x = small(), images(generator)
    for picture, n in ((model.reconstruct(x), 4), (model.sample(7, generator), 7)):
        assert picture.shape == (n, 6)
        assert bool(((picture > 0) & (picture < 1)).all())


def test_presets_build_and_too_many_bits_are_refused():
    for preset in PRESETS.values():
        model = BernoulliVAE(**preset)
        assert BernoulliVAE(**model.config).config == model.config
    with pytest.raises(ValueError, match="latent_dim must be at most 16 to enumerate all codes, got 200"):
        BernoulliVAE(**PRESETS["paper"]).codes()
