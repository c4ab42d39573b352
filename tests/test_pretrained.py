"""The trained models that come with the package: each loads, says how it was made, and reaches what is stated of it."""

import dataclasses
import tomllib
from pathlib import Path

import pytest
import torch

from dgm_helpers import data, pretrained
from dgm_helpers.models.vae import VAE
from dgm_helpers.training.checkpoints import save_model
from dgm_helpers.training.evaluation import evaluate

ENTRIES = {entry.name: entry for entry in pretrained.ENTRIES}


@pytest.mark.parametrize("name", ENTRIES)
def test_it_loads_and_can_be_built_again(name):
    model = pretrained.load(name)
    assert not model.training
    again = type(model)(**model.config)
    assert again.state_dict().keys() == model.state_dict().keys()
    for value in model.state_dict().values():
        assert value.isfinite().all() and value.dtype not in (torch.float16, torch.bfloat16)


@pytest.mark.parametrize("name", ENTRIES)
def test_it_reaches_what_is_stated(name):
    entry = ENTRIES[name]
    assert entry.metric and entry.tolerance > 0
    assert entry.measure(pretrained.load(name)) == pytest.approx(entry.value, abs=entry.tolerance, rel=0)


@pytest.mark.parametrize("name", ENTRIES)
def test_its_file_is_small_and_says_how_it_was_made(name):
    entry = ENTRIES[name]
    assert entry.path.stat().st_size < 1_000_000
    header = entry.header
    assert all(header[key] is not None for key in pretrained.COMPLETE)
    assert header["data"] in data.names()


def test_files_and_entries_belong_together_and_are_small_in_all():
    files = {path.stem: path.stat().st_size for path in pretrained.FOLDER.glob("*.safetensors")}
    assert sorted(files) == sorted(pretrained.names()) and len(ENTRIES) == len(pretrained.ENTRIES)
    assert sum(files.values()) < 10_000_000


def test_the_files_are_part_of_the_package():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert "pretrained/*.safetensors" in project["tool"]["setuptools"]["package-data"]["dgm_helpers"]


def test_an_unknown_name_is_told_with_the_known_ones():
    known = ", ".join(pretrained.names())
    with pytest.raises(
        ValueError, match=f"^no trained model 'gpt' comes with this package: there are {known}$"
    ):
        pretrained.load("gpt")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    return tmp_path


def test_adding_one_as_the_docstring_says(folder, monkeypatch):
    digits = data.load("digits")
    torch.manual_seed(0)
    model = VAE(data_dim=64, latent_dim=2, hidden=(5,))
    save_model(model, folder / "run.model", data="digits", seed=3, step=9)
    with pytest.raises(ValueError, match=r"run\.model does not say how it was made: give command$"):
        pretrained.add("toy", folder / "run.model")
    assert pretrained.add("toy", folder / "run.model", command="dgm-train vae") == folder / "toy.safetensors"
    entry = pretrained.Pretrained("toy", "loss, in nats", 0.0, pretrained.mean_loss("digits", images=100))
    monkeypatch.setattr(pretrained, "ENTRIES", (entry,))
    assert pretrained.names() == ("toy",)
    assert {key: entry.header[key] for key in pretrained.COMPLETE} == {
        "command": "dgm-train vae", "data": "digits", "seed": 3, "step": 9}  # fmt: skip
    again = pretrained.load("toy")
    weight = model.encoder[0].weight
    assert (
        torch.equal(again.encoder[0].weight, weight.half().float())
        and again.encoder[0].weight.dtype == weight.dtype
    )
    assert entry.measure(again) == evaluate(again, digits.test[:100])["loss"]
    assert dataclasses.replace(entry, name="other").path == folder / "other.safetensors"
