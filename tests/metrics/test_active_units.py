"""Active units of encoders whose means are known."""

import pytest
import torch
from torch import nn

from dgm_helpers.metrics.active_units import active_units, unit_activity
from dgm_helpers.models.bernoulli_vae import BernoulliVAE
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.hierarchical_vae import HierarchicalVAE
from dgm_helpers.models.iaf import IAFVAE
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.models.pixelvae_map import MapPixelVAE
from dgm_helpers.models.vae import VAE
from dgm_helpers.models.vlae import VLAE


def linear_vae(scales, log_sigma=0.0):
    """A VAE of one number x, whose q(z_j|x) has the mean scale_j · x."""
    model = VAE(data_dim=1, latent_dim=len(scales), hidden=()).double()
    with torch.no_grad():
        model.encoder[0].weight.copy_(torch.tensor([*scales, *[0.0] * len(scales)])[:, None])
        model.encoder[0].bias.copy_(torch.tensor([5.0] * len(scales) + [log_sigma] * len(scales)))
    return model


def test_the_activity_is_the_variance_of_the_means_over_the_images(generator):
    means = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(unit_activity(means), means.var(dim=0))
    assert torch.equal(unit_activity(torch.ones(3, 2)), torch.zeros(2))


def test_a_unit_is_active_above_one_hundredth():
    x = torch.randn(300, 1, generator=torch.Generator().manual_seed(0)).double()
    x = (x - x.mean()) / x.std()  # its variance is one: that of a mean is its scale's square
    model = linear_vae([0.0, 0.0999, 0.1001, -3.0], log_sigma=2.0)  # what z varies by itself does not count
    (active,) = active_units(model, x)
    assert active.tolist() == [False, False, True, True]
    (active,) = active_units(model, x, threshold=0.0099)
    assert active.tolist() == [False, True, True, True]


def test_all_images_count_and_not_the_first_five_hundred():
    x = torch.zeros(1000, 1, dtype=torch.float64)
    x[500:] = torch.linspace(-1, 1, 500)[:, None]
    (active,) = active_units(linear_vae([1.0]), x)
    assert active.tolist() == [True] and unit_activity(x[:500]).item() == 0


def test_units_of_a_higher_layer_are_active_if_they_follow_the_image():
    # z_1 has the mean (0, x), and the first unit a standard deviation of 2; q(z_2|z_1) copies it, and has a unit
    # that is constant. The noise of 100 samples alone has a variance of 0.04 over the images, and is not activity:
    # the estimate's standard deviation over 1,000 images is 0.0013, so a false alarm has probability 1e-14.
    model = IWAE(data_dim=1, latent_dims=(2, 3), hidden=((), ())).double()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        model.encoder[0].weight[1, 0] = 1.0
        model.encoder[0].bias[2] = torch.tensor(2.0).log()
        model.inner_encoders[0][0].weight[0, 0] = 1.0
        model.inner_encoders[0][0].weight[1, 1] = 1.0
    x = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0)).double()
    first, second = active_units(model, x, torch.Generator().manual_seed(1), samples=100)
    assert first.tolist() == [False, True]
    assert second.tolist() == [False, True, False]
    naive = model.layer_means(x, 100, torch.Generator().manual_seed(1))[1].var(dim=0)
    assert naive[0] > 0.03


@pytest.mark.parametrize("posterior", ["factorized", "bottom-up"])
def test_means_of_a_hierarchy_are_those_of_its_posterior(posterior, generator):
    model = HierarchicalVAE(data_dim=5, latent_dims=(3, 2), hidden=4, posterior=posterior).double()
    x = torch.rand(3, 5, generator=generator, dtype=torch.float64)
    latents, _ = model.posterior_sample(x, 100_000, generator)
    for means, z in zip(model.layer_means(x, 100_000, generator), latents, strict=True):
        # Of both estimates the standard error is at most that of the samples: 2e-10 a number for six of both.
        error = z.std(dim=0) * (2 / len(z)) ** 0.5
        assert ((means - z.mean(dim=0)).abs() < 6 * error).all()
    masks = active_units(model, x, generator)
    assert [len(mask) for mask in masks] == [3, 2]


@pytest.mark.parametrize(
    "model",
    [
        VLAE(image_size=8, latent_dim=3, channels=(2, 2), local_channels=2, local_layers=1, flow_hidden=(4,)),
        VLAE(image_size=8, latent_dim=3, channels=(2, 2), local_channels=2, local_layers=1, flow_hidden=(4,),
             flow="posterior"),
        IAFVAE(data_dim=64, latent_dim=3, hidden=(5,), flow_hidden=(4,), context_dim=2),
    ],
    ids=["flow in the prior", "flow in the posterior", "IAF"],
)  # fmt: skip
def test_means_behind_a_flow_are_those_of_what_is_decoded(model, generator):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    x = torch.rand(2, 1, 8, 8, generator=generator).round()
    z, _ = model.posterior_sample(x, 50_000, generator)
    (means,) = model.layer_means(x, 50_000, generator)
    assert ((means - z.mean(dim=0)).abs() < 6 * z.std(dim=0) * (2 / len(z)) ** 0.5).all()


def test_a_model_is_judged_in_evaluation_mode():
    model = MapPixelVAE(image_size=8, latent_dims=(2, 3), map_stride=4, map_channels=(4, 4, 4), map_blocks=(1, 1, 1),
                        map_batch_norm=True, map_layers=1, map_pixel_channels=4, layers=0)  # fmt: skip
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = active_units(model, torch.rand(3, 1, 8, 8).round())
    assert len(first) == 8 and len(second) == 3 and model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    "model", [BernoulliVAE(data_dim=4, latent_dim=2), GAN(data_shape=(4,), channels=(), hidden=(3,))]
)
def test_a_model_without_means_of_latents_is_refused(model):
    message = f"^model must have layer_means.*, or an encode.* of a Gaussian, got {type(model).__name__}$"
    with pytest.raises(TypeError, match=message):
        active_units(model, torch.zeros(3, 4))


def test_one_image_is_told():
    with pytest.raises(ValueError, match=r"^x must contain at least two images to have a variance, got 1$"):
        active_units(linear_vae([1.0]), torch.zeros(1, 1))


def test_samples_of_higher_layers_come_from_the_generator_in_two_independent_estimates():
    generator, given = torch.Generator(), []

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def layer_means(self, x, samples, generator):
            given.append((len(x), samples, generator))
            return [x.flatten(1)]

    active_units(Model(), torch.zeros(70, 3), generator, samples=7)
    assert given == [(50, 7, generator), (20, 7, generator)] * 2
