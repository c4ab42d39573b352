"""A model's ``config``: filled by one mechanism, complete, plain data, and enough to build the model again."""

import copy
import json
import pickle

import pytest
import torch

from dgm_helpers import pretrained
from dgm_helpers.models.bernoulli_vae import BernoulliVAE
from dgm_helpers.models.configured import build, constructor_parameters, describe, description_of
from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.models.infogan import InfoGAN
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.priors import MixturePrior
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import registry

ENTRIES = {f"{entry.name} {entry.preset}": entry for entry in registry.entries()}


def built_without_weights(make):
    """A model whose numbers are not computed, if its constructor can do without."""
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, NotImplementedError, ValueError):  # it reads numbers that do not exist
        return make()


@pytest.mark.parametrize("name", ENTRIES)
def test_the_config_of_a_preset_is_plain_data_that_builds_the_same_model(name):
    model = built_without_weights(ENTRIES[name].build)
    assert {**model.config, **ENTRIES[name].arguments} == model.config
    description = json.loads(json.dumps(describe(model)))
    again = built_without_weights(lambda: build(description))
    assert type(again) is type(model) and again.config == model.config
    shapes, same = ({key: value.shape for key, value in m.state_dict().items()} for m in (model, again))
    assert shapes == same


@pytest.mark.parametrize("name", pretrained.names())
def test_the_config_of_a_stored_model_is_that_of_its_file(name):
    entry = next(entry for entry in pretrained.ENTRIES if entry.name == name)
    config = json.loads(json.dumps(pretrained.load(name).config))
    assert {**config, **entry.header["config"]} == config  # a file may be older than an argument


def test_defaults_are_included_and_lists_become_tuples():
    model = IWAE(data_dim=6, hidden=[[4]], latent_dims=[2])
    assert model.config == {
        "data_dim": 6,
        "hidden": ((4,),),
        "latent_dims": (2,),
        "samples": 50,
        "objective": "iwae",
    }


def test_the_own_constructor_counts_and_not_those_that_it_calls():
    model = FactorVAE(image_size=8, maps=(4,), hidden=(), latent_dim=2, discriminator_hidden=(3,))
    assert model.config.keys() == constructor_parameters(FactorVAE).keys()
    assert "beta" not in model.config and model.config["maps"] == (4,)


def test_arguments_that_are_passed_on_to_the_base_are_included():
    model = InfoGAN(noise_dim=3, data_shape=[4], channels=(), hidden=(5,))
    assert model.config["data_shape"] == (4,) and model.config["rate_ratio"] == 0.2
    assert model.config["categories"] == (10,)  # its own default, where the base's is ()


def test_a_module_is_described_and_a_function_is_left_out():
    prior = MixturePrior(latent_dim=2, components=3)
    assert VAE(data_dim=4, latent_dim=2, prior=prior).config["prior"] == description_of(prior)
    assert "gradient" not in BernoulliVAE(data_dim=4, gradient=lambda values, scores: scores).config


def test_a_subclass_outside_the_package_is_described_by_its_own_arguments():
    class Small(VAE):
        def __init__(self, *, units=3):
            super().__init__(data_dim=4, latent_dim=2, hidden=(units,))

    assert Small().config == {"units": 3} and Small(units=5).encoder[0].out_features == 5


def test_copies_keep_the_config():
    model = NICE(data_dim=4, hidden=[3, 5], couplings=2)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.config == model.config and model.config["hidden"] == (3, 5)


def test_the_returned_dict_is_a_copy():
    model = VAE(data_dim=4, latent_dim=2, hidden=(3,))
    model.config["latent_dim"] = 9
    assert model.config["latent_dim"] == 2


def test_a_missing_argument_is_reported_by_the_constructor():
    with pytest.raises(TypeError, match=r"missing .*argument: 'latent_dim'"):
        MixturePrior(components=3)
