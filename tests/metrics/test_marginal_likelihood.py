"""The marginal likelihood by importance sampling: against exact ones, with exactly as many samples as asked for."""

import pytest
import torch
from torch import nn

from dgm_helpers import checks
from dgm_helpers.metrics.marginal_likelihood import marginal_log_likelihood
from dgm_helpers.models.iaf import IAFVAE
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.vae import VAE


class Counting(nn.Module):
    """A model that counts what is asked of it; every weight is one."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.encoded, self.drawn, self.modes = [], {}, []

    def importance_sampler(self, x):
        self.encoded.append(len(x))
        key, size = len(self.encoded), len(x)
        self.modes.append(self.training)

        def draw(samples, generator=None):
            self.drawn[key] = self.drawn.get(key, 0) + samples
            return torch.zeros(samples, size) * self.scale

        return draw


def test_it_is_the_exact_one_of_a_linear_model(generator):
    model = LinearVAE(data_dim=8, latent_dim=3).double().set_best_encoder()
    x = model.sample(20, generator).detach()
    estimate = marginal_log_likelihood(model, x, 5000, generator, images_at_once=7)
    assert estimate.shape == (20,) and not estimate.requires_grad
    torch.testing.assert_close(estimate, model.log_prob(x).detach(), rtol=0, atol=0.2)
    # The mean weight is unbiased, which a wrong number of samples or a missing term would spoil (1e-6).
    repeated = marginal_log_likelihood(model, x[:1].expand(3000, -1), 20, generator)
    checks.mean_equals("weight", (repeated - model.log_prob(x[:1]).detach()).exp(), 1.0)


@pytest.mark.parametrize("samples", [1, 100, 250, 5000])
def test_as_many_samples_as_asked_for_and_each_image_encoded_once(samples):
    model = Counting()
    result = marginal_log_likelihood(model, torch.zeros(25, 3), samples, images_at_once=10)
    torch.testing.assert_close(result, torch.zeros(25), atol=1e-4, rtol=0)
    assert model.encoded == [10, 10, 5]
    assert model.drawn == {1: samples, 2: samples, 3: samples}


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_in_evaluation_mode_meanwhile(training):
    model = Counting().train(training)
    marginal_log_likelihood(model, torch.zeros(2, 3), 1)
    assert model.modes == [False] and model.training == training


def test_each_module_is_put_back_into_its_own_mode_also_after_an_error():
    model = nn.ModuleList([Counting(), Counting()])
    model[1].eval()
    model.importance_sampler = model[0].importance_sampler
    with pytest.raises(ValueError, match="number of importance samples must be at least 1"):
        marginal_log_likelihood(model, torch.zeros(2, 3), 0)
    assert [module.training for module in model.modules()] == [True, True, False]


@pytest.mark.parametrize(
    "model",
    [
        VAE(data_dim=16, latent_dim=2, hidden=(5,)),
        IAFVAE(data_dim=16, latent_dim=2, hidden=(5,), flow_hidden=(4,), context_dim=2),
        IWAE(data_dim=16, latent_dims=(3, 2), hidden=((5,), (4,))),
    ],
    ids=lambda model: type(model).__name__,
)
def test_the_encoder_runs_once_an_image_and_the_decoder_once_a_sample(model):
    rows = {"encoder": 0, "decoder": 0, "largest": 0}

    def count(name):
        def hook(module, inputs, output):
            rows[name] += output.shape[:-1].numel()
            rows["largest"] = max(rows["largest"], output.shape[:-1].numel())

        return hook

    model.encoder.register_forward_hook(count("encoder"))
    # Its first layer: the last one is evaluated together with the likelihood.
    model.decoder[0].register_forward_hook(count("decoder"))
    x = torch.rand(130, 1, 4, 4).round()
    assert marginal_log_likelihood(model, x, 333).shape == (130,)
    assert rows["encoder"] == 130 and rows["decoder"] == 130 * 333
    assert rows["largest"] <= 1024  # what memory depends on


def test_pixels_that_a_sigmoid_would_round_count_in_full():
    # A probability clamped at e^-100 says -100 a pixel here; the logits say -120.
    model = IWAE(data_dim=4, latent_dims=(1,), hidden=((2,),))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    nn.init.constant_(model.decoder[-1].bias, 120.0)
    estimate = marginal_log_likelihood(model, torch.tensor([[0.0, 1, 1, 1], [0, 0, 0, 0]]), 3)
    torch.testing.assert_close(estimate, torch.tensor([-120.0, -480.0]), rtol=1e-6, atol=0)


def test_what_cannot_be_evaluated_is_told():
    with pytest.raises(ValueError, match=r"^x must contain at least one data point, got 0$"):
        marginal_log_likelihood(Counting(), torch.zeros(0, 3))
    with pytest.raises(ValueError, match=r"^the number of importance samples must be at least 1, got 0$"):
        marginal_log_likelihood(Counting(), torch.zeros(2, 3), 0)
    with pytest.raises(
        TypeError, match=r"^model must have importance_sampler\(x\), which draws .*, got Linear$"
    ):
        marginal_log_likelihood(nn.Linear(3, 2), torch.zeros(2, 3))


def test_the_generator_draws_the_samples_and_there_are_5000_unless_said():
    model, x = VAE(data_dim=16, latent_dim=2, hidden=(5,)), torch.rand(3, 16).round()
    one, same, other = (
        marginal_log_likelihood(model, x, 20, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)
    counting = Counting()
    marginal_log_likelihood(counting, torch.zeros(2, 3))
    assert counting.drawn == {1: 5000}
