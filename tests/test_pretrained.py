"""The trained models that come with the package: each loads, says how it was made, and reaches what is stated of it."""

import dataclasses
import tomllib
from pathlib import Path

import pytest
import torch

from dgm_helpers import data, pretrained
from dgm_helpers.metrics.code_factors import assigned, best_matching, head_correlations, rank_correlations
from dgm_helpers.metrics.onlookers import stroke_shape
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


@torch.no_grad()
def test_the_categorical_code_of_digits_is_their_type_and_the_continuous_ones_slant_and_thickness():
    """What lecture 10 says of q: its code, matched one to one to digits, is wrong on 28 % of real test images."""
    model, digits = pretrained.load("infogan_mnist"), data.load("mnist_10k")
    # Matched on images that are not counted: a matching of ten values has few ways to fit a thousand others.
    matching = best_matching(model.encode(digits.train).mode().categories[:, 0], digits.train_labels, 10)
    codes = model.encode(digits.test).mode()
    assert sorted(matching.tolist()) == list(range(10))
    right = (matching[codes.categories[:, 0]] == digits.test_labels).double().mean()
    assert right.item() == pytest.approx(0.716, abs=5e-3)
    slant, _, ink = rank_correlations(codes.continuous.double(), stroke_shape(digits.test)).T
    assert slant[0] > 0.8 and slant[0].abs() > 3 * slant[1].abs()
    assert ink[1] > 0.25 and ink[1] > 3 * ink[0].abs()


@torch.no_grad()
def test_codes_of_heads_have_a_factor_each():
    """On new heads: elevation and lighting have a code of their own, azimuth and width share two."""
    model = pretrained.load("infogan_heads")
    table = head_correlations(lambda x: model.encode(x).mu, 300, seed=3)
    of_factor = {factor: (code, strength) for code, factor, strength in assigned(table)}
    azimuth, elevation, lighting, width = (of_factor[factor] for factor in range(4))
    assert abs(elevation[1]) > 0.9 and abs(lighting[1]) > 0.95
    assert abs(azimuth[1]) > 0.75 and abs(width[1]) > 0.6
    # What is shared: each of the two codes says something of the other's factor, and nothing else does.
    assert abs(table[azimuth[0], 3]) > 0.3 and abs(table[width[0], 0]) > 0.45
    assert table[[elevation[0], lighting[0]]][:, [0, 3]].abs().max() < 0.3


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
        ValueError, match=f"^name must be a trained model of this package, one of {known}; got 'gpt'$"
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
    with pytest.raises(ValueError, match=r"run\.model does not say how it was made: pass command$"):
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
