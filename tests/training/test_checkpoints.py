"""A model's file: what comes back is what was saved, and what is no such file is told in one sentence."""

import json
import math

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dgm_helpers.layers.invertible_batch_norm import InvertibleBatchNorm
from dgm_helpers.models.configured import build, describe
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.iaf import IAFVAE, AutoregressivePrior
from dgm_helpers.models.priors import MixturePrior, StandardNormal
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.models.vae import VAE, ConvVAE
from dgm_helpers.training.checkpoints import load_model, read_header, save_model

MODELS = {
    "tuples": lambda: ConvVAE(image_size=8, channels=(4, 8), latent_dim=2),
    "scalar": lambda: VAE(data_dim=6, latent_dim=2, hidden=(5,), likelihood="gaussian"),
    "convolutions": lambda: GatedPixelCNN(image_size=8, channels=4, layers=2, classes=3),
    "counts": lambda: RevNet(image_channels=1, units=(1,), channels=(4, 4), strides=(1,)),
    "masks": lambda: IAFVAE(data_dim=6, latent_dim=3, hidden=(5,), flow_hidden=(6,), context_dim=2),
    "mixture prior": lambda: VAE(
        data_dim=6, latent_dim=2, hidden=(5,), prior=MixturePrior(latent_dim=2, components=3)
    ),
    "flow prior": lambda: IAFVAE(
        data_dim=6,
        latent_dim=3,
        hidden=(5,),
        flow_hidden=(6,),
        prior=AutoregressivePrior(latent_dim=3, hidden=(4,)),
    ),
    "convolutions and prior": lambda: ConvVAE(
        image_size=8, channels=(4, 8), latent_dim=2, prior=MixturePrior(latent_dim=2)
    ),
    "double": lambda: VAE(data_dim=6, latent_dim=2, hidden=(5,)).double(),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def same(first: nn.Module, second: nn.Module) -> bool:
    one, two = first.state_dict(), second.state_dict()
    return one.keys() == two.keys() and all(
        torch.equal(one[key], two[key]) and one[key].dtype == two[key].dtype for key in one
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(name, path):
    torch.manual_seed(1)
    model = MODELS[name]()
    save_model(model, path, step=7, metric={"loss": 1.5}, data="digits")
    state = torch.get_rng_state()
    again = load_model(path)
    assert torch.equal(torch.get_rng_state(), state), "loading used up random numbers"
    assert type(again) is type(model) and again.config == model.config and same(again, model)
    assert model.training and not again.training
    header = read_header(path)
    assert (header["step"], header["metric"], header["data"]) == (7, {"loss": 1.5}, "digits")
    assert header["torch"] == torch.__version__
    assert header["class"] == f"{type(model).__module__}:{type(model).__qualname__}"


def test_a_file_may_be_read_by_whom_the_umask_lets(path):
    path.with_name("other").touch()
    save_model(MODELS["scalar"](), path)
    assert path.stat().st_mode == path.with_name("other").stat().st_mode


def test_a_module_in_the_configuration_is_built_again():
    description = {"class": "dgm_helpers.models.vae:VAE",
                   "config": {"data_dim": 6, "latent_dim": 2, "hidden": [5],
                              "prior": describe(MixturePrior(latent_dim=2, components=3))}}  # fmt: skip
    model = build(json.loads(json.dumps(description)))
    assert isinstance(model.prior, MixturePrior) and len(model.prior.logits) == 3


def test_models_of_one_configuration_share_no_prior():
    first = MODELS["mixture prior"]()
    second = type(first)(**first.config)
    assert second.config == first.config and second.prior is not first.prior
    assert isinstance(second.prior, MixturePrior) and len(second.prior.logits) == 3


def test_a_prior_that_is_exchanged_comes_back_too(path):
    model = VAE(data_dim=6, latent_dim=2, hidden=(5,))
    assert "prior" not in model.config  # as in the files that there are
    model.prior = MixturePrior(latent_dim=2, components=4)
    save_model(model, path)
    assert same(load_model(path), model)


class NarrowPrior(StandardNormal):
    """N(0, I/4), which nothing in a file of weights could tell from N(0, I)."""

    def log_prob(self, z):
        return super().log_prob(2 * z) + z.shape[-1] * math.log(2)


def test_a_prior_that_cannot_be_built_again_is_refused(path):
    model = VAE(data_dim=6, latent_dim=2, hidden=(5,), prior=NarrowPrior(latent_dim=2))
    name = f"{NarrowPrior.__module__}:NarrowPrior"
    with pytest.raises(
        ValueError, match=f"^a {name} cannot be built again from a file: that requires a class of"
    ):
        save_model(model, path)
    assert not path.exists()
    with pytest.raises(ValueError, match=f"asks for {name}: only classes of dgm_helpers are built"):
        VAE(**model.config)


def test_a_prior_that_is_no_module_is_told():
    with pytest.raises(
        ValueError, match=r"^prior must be a module with log_prob and sample, got \{'components'"
    ):
        VAE(data_dim=6, prior={"components": 3})


def test_half_the_size_comes_back_rounded_in_float32(path, tmp_path):
    model = VAE(data_dim=200, latent_dim=2, hidden=(50,))
    save_model(model, tmp_path / "full.safetensors")
    save_model(model, path, storage=torch.float16)
    assert path.stat().st_size < 0.55 * (tmp_path / "full.safetensors").stat().st_size
    for key, value in load_model(path).state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, model.state_dict()[key].half().float())


def test_a_weight_that_float16_does_not_hold_is_told(path):
    model = VAE(data_dim=6, latent_dim=2, hidden=(5,))
    with torch.no_grad():
        model.encoder[0].bias[2] = 1e5
    with pytest.raises(
        ValueError, match=r"^encoder\.0\.bias must fit in torch\.float16, got values up to 1e\+05$"
    ):
        save_model(model, path, storage=torch.float16)
    assert not path.exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    model = MODELS["tuples"]()
    save_model(model, path)
    before = path.read_bytes()

    def fails(tensors, part, metadata):
        part.write_bytes(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr("dgm_helpers.training.checkpoints.save_file", fails)
    with pytest.raises(OSError, match="no space"):
        save_model(model, path, step=2)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def with_header(path, **changes):
    """A file of a small VAE with a changed header."""
    model = VAE(data_dim=6, latent_dim=2, hidden=(5,))
    header = {**describe(model), "dtype": "float32", "torch": "2", **changes}
    save_file(model.state_dict(), path, {"dgm_helpers": json.dumps(header)})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"class": "os:system"}, "asks for os:system: only classes of dgm_helpers are built from a file"),
        ({"class": "dgm_helpers_evil:VAE"}, "only classes of dgm_helpers"),
        ({"class": "dgm_helpers.models.vae:nn.Linear"}, "nn.Linear, which is not a model of dgm_helpers"),
        ({"class": "dgm_helpers.models.vae:perceptron"}, "perceptron, which is not a model of dgm_helpers"),
        ({"class": "dgm_helpers.models.vae:torch.load"}, "torch.load, which is not a model of dgm_helpers"),
        ({"class": "dgm_helpers.models.gone:Gone"}, "Gone, which this version of dgm_helpers does not have"),
        ({"class": "dgm_helpers.models.vae:Gone"}, "Gone, which this version of dgm_helpers does not have"),
        ({"config": {"width": 3}}, "perhaps of a different version: .*unexpected keyword argument 'width'"),
        ({"config": {"likelihood": "poisson"}}, "likelihood must be one of .*; got 'poisson'"),
        ({"config": {"data_dim": 7, "latent_dim": 2, "hidden": [5]}}, r"no longer fit .*VAE \(size mismatch"),
        ({"config": {"data_dim": 6, "latent_dim": 2, "hidden": [5, 5]}}, r"no longer fit .*VAE \(Missing key"),
        ({"config": {"data_dim": 6, "latent_dim": 2, "hidden": []}}, r"no longer fit .*VAE \("),
        ({"config": {"prior": {"class": "os:system", "config": {}}}}, "only classes of dgm_helpers are built"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_told_in_one_sentence(path, changes, said):
    with_header(path, **changes)
    with pytest.raises(ValueError, match=said) as error:
        load_model(path)
    assert str(path) in str(error.value)
    if "unexpected" not in said:  # beartype and Python word that one
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", "other"])
def test_a_file_that_holds_no_model_is_told(path, content):
    if content == "other":
        save_file({"x": torch.zeros(2)}, path, {"format": "pt"})
    else:
        path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"model\.safetensors does not contain a model written by dgm_helpers$"
    ):
        load_model(path)


def test_a_missing_file_is_told(path):
    with pytest.raises(FileNotFoundError, match=r"^there is no file .*model\.safetensors$"):
        load_model(path)


class Own(nn.Module):
    """A model that no file could name."""

    def __init__(self):
        super().__init__()
        self.config, self.weight = {}, nn.Parameter(torch.zeros(1))


@pytest.mark.parametrize("model", [Own(), InvertibleBatchNorm], ids=["another package", "no config"])
def test_a_model_that_could_not_be_loaded_is_not_saved(model, path):
    model = model if isinstance(model, nn.Module) else model(2)
    with pytest.raises(
        ValueError, match="cannot be built again from a file: that requires a class of dgm_helpers"
    ):
        save_model(model, path)
    assert not path.exists()
