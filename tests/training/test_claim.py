"""A folder is one run's at a time, whichever way the other came by it, and is free again when its process is gone."""

import signal
import subprocess
import sys

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import command, fit
from dgm_helpers.training.folder import LOCK, claimed
from dgm_helpers.training.state import FILE

TOY = ["vae", "--data", "digits", "--set", "data_dim=64", "--set", "hidden=(8,)", "--steps", "2"]
HOLD = """
import sys
from pathlib import Path
from dgm_helpers.training.folder import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


@pytest.fixture
def other(folder):
    """Another process that has the folder, until it is ended."""
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:  # fmt: skip
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def train(folder, steps):
    torch.manual_seed(0)
    images = data.load("digits").train[:20]
    return fit(VAE(data_dim=64, latent_dim=2, hidden=(8,)), images, steps=steps, folder=folder)


def test_two_runs_cannot_have_one_folder(folder, other, capsys):
    with pytest.raises(
        ValueError, match=r"^another process is training in .*run: wait until it ends, or name a diff"
    ):
        train(folder, 2)
    assert command.main([*TOY, "--out", "run"]) == 2
    output = capsys.readouterr()
    assert output.err.startswith("dgm-train: another process is training in ") and output.out == ""
    assert files(folder) == set(), "what was refused has written"


def test_a_killed_process_has_it_no_more(folder, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    train(folder, 2)
    assert files(folder) == {FILE}


def test_a_run_that_goes_on_changes_nothing_while_another_has_its_folder(folder, capsys):
    assert command.main([*TOY, "--out", "run"]) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:  # fmt: skip
        process.stdout.readline()
        assert command.main(["--resume", "run", "--steps", "9"]) == 2
        process.kill()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_another_run_began_and_left_while_the_data_were_loaded_is_not_overwritten(
    folder, monkeypatch, capsys
):
    load = data.load

    def slowly(name):
        monkeypatch.setattr(data, "load", load)
        assert command.main([*TOY, "--seed", "5", "--out", "run"]) == 0
        return load(name)

    monkeypatch.setattr(data, "load", slowly)
    assert command.main([*TOY, "--seed", "6", "--out", "run"]) == 2
    assert "run exists: resume it with --resume run" in capsys.readouterr().err
    assert '"seed": 5' in (folder / "run.json").read_text()


def test_within_a_process_a_folder_is_claimed_again_and_given_up_at_the_end(folder, tmp_path):
    with claimed(folder), claimed(tmp_path / "other" / ".." / "run"), claimed(None):
        assert not free(folder)
    assert free(folder)
    with pytest.raises(RuntimeError, match="broken"), claimed(folder):
        raise RuntimeError("broken")
    assert free(folder)


def files(folder):
    """Return the names of the files in a folder, without that of the lock."""
    return {path.name for path in folder.iterdir()} - {LOCK}


def free(folder):
    """Return whether another process can claim a folder."""
    done = subprocess.run(
        [sys.executable, "-c", HOLD, folder], input="", capture_output=True, text=True, check=False
    )
    return done.stdout == "held\n"


def test_an_empty_folder_is_as_good_as_a_new_one(folder):
    folder.mkdir()
    assert command.main([*TOY, "--out", "run"]) == 0
    assert (folder / "model.safetensors").exists()
