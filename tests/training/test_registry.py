"""Models by name: every preset that says how it is trained is complete, and what does not exist is told."""

import importlib

import pytest
import torch
from torch import nn

from dgm_helpers import data
from dgm_helpers.training import registry

KNOWN = ("bernoulli_vae", "gated_pixelcnn", "i_revnet", "iaf", "linear_vae", "nice", "pixelcnn", "pixelcnn_pp",
         "pixelsnail", "real_nvp", "revnet", "vae")  # fmt: skip


def test_the_known_models_are_found_and_parts_of_models_are_not():
    names = registry.names()
    assert set(names) >= set(KNOWN) and names == sorted(names)
    assert not {"priors", "normalizing_flow", "autoregressive_images", "learning_rates"} & set(names)


@pytest.mark.parametrize("entry", registry.entries(), ids=lambda entry: f"{entry.name}-{entry.preset}")
def test_every_preset_has_arguments_that_its_model_takes(entry):
    assert issubclass(entry.kind, nn.Module) and hasattr(entry.kind, "loss")
    assert entry.arguments.keys() <= registry.constructor_parameters(entry.kind).keys()
    assert entry.preset.replace("_", "").isalnum()  # words are joined in one way, so that nobody has to guess
    assert entry.training.steps > 0 and entry.training.batch_size > 0 and entry.training.learning_rate > 0
    assert entry.training.data in (*data.names(), *data.ABSENT)


@pytest.mark.parametrize("name", registry.names())
def test_every_preset_says_how_it_is_trained(name):
    module = importlib.import_module(f"dgm_helpers.models.{name}")
    assert set(module.TRAINING) == set(module.PRESETS)


@pytest.mark.parametrize("name", registry.names())
def test_the_laptop_preset_is_small_and_counted_without_using_up_random_numbers(name):
    entry = registry.find(name, "laptop")
    state = torch.get_rng_state()
    size = entry.parameters()
    assert torch.equal(torch.get_rng_state(), state)
    assert size == sum(parameter.numel() for parameter in entry.build().parameters()) < 2_000_000


def test_arguments_that_a_model_hands_on_to_its_base_class_can_be_changed():
    entry = registry.find("infogan", "laptop")
    assert entry.build({"noise_dim": 3, "minibatch_kernels": 4, "hidden": (5,)}).config["hidden"] == (5,)
    with pytest.raises(
        ValueError, match=r"^an argument of infogan must be one of data_shape, .*minibatch_dims; got 'depth'$"
    ):
        entry.build({"depth": 3})


def test_what_does_not_exist_is_told_with_what_does():
    with pytest.raises(ValueError, match=r"^the model must be one of bernoulli_vae, .*vae.*; got 'gpt'$"):
        registry.find("gpt", "laptop")
    with pytest.raises(ValueError, match=r"^the model must be one of .*; got 'priors'$"):
        registry.find("priors", "laptop")
    with pytest.raises(ValueError, match=r"^the preset of vae must be one of paper, .*; got 'desktop'$"):
        registry.find("vae", "desktop")
    with pytest.raises(ValueError, match=r"^an argument of vae must be one of data_dim, latent_dim, hidden"):
        registry.find("vae", "laptop").build({"depth": 3})


def test_a_preset_may_name_another_class_of_its_file():
    from dgm_helpers.models import vae

    entry = registry.find("vae", "laptop_conv")
    assert entry.training.model is vae.ConvVAE and type(entry.build({"latent_dim": 5})) is vae.ConvVAE
    assert entry.build().config["latent_dim"] == 10
