"""dgm-train: what it writes, how it goes on, and what it says to wrong input."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
import torch

from dgm_helpers import pretrained
from dgm_helpers.runtime import generator
from dgm_helpers.training import command
from dgm_helpers.training.checkpoints import load_model, read_header
from dgm_helpers.training.evaluation import evaluate
from dgm_helpers.training.folder import LOCK, Command
from dgm_helpers.training.state import FILE

TOY = ["vae", "--data", "digits", "--set", "data_dim=64", "--set", "hidden=(8,)"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    """Return all files of a folder and its folders, except for locks."""
    return sorted(path for path in folder.rglob("*") if path.name != LOCK)


def weights(folder):
    return torch.load(folder / FILE)["model"]


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_leaves_model_history_curve_and_samples(folder, capsys):
    state = torch.get_rng_state()
    assert command.main([*TOY, "--steps", "60", "--seed", "4", "--out", "toy"]) == 0
    said = capsys.readouterr().out
    run = folder / "toy"
    assert {path.name for path in run.iterdir()} == {
        LOCK, "run.json", FILE, "model.safetensors", "history.csv", "curve.png", "samples.png"}  # fmt: skip
    for line in (
        "VAE of ",
        "digits: 1437 training",
        "step 60: loss",
        "60 steps, 100 images per step, in toy",
        "training, each row an average over at most 50 steps:\nstep 50: loss",
        "test split, average over 360 images:\n  loss  ",
        "s of it training",
        *(f"toy/{path.name} " for path in run.iterdir() if path.name not in (LOCK, "run.json")),
    ):
        assert line in said
    assert all((run / name).read_bytes().startswith(b"\x89PNG") for name in ("curve.png", "samples.png"))
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["50", "60"] and rows[0].keys() == {
        "step",
        "loss",
        "reconstruction",
        "kl",
    }
    header, model = read_header(run / "model.safetensors"), load_model(run / "model.safetensors")
    assert (header["data"], header["seed"], header["step"]) == ("digits", 4, 60)
    assert model.config["hidden"] == (8,) and same(model.state_dict(), weights(run))
    # What is said of the test split is what anybody measures.
    from dgm_helpers import data

    images = data.load("digits").test.flatten(1)
    assert header["metric"]["test loss"] == evaluate(model, images, transform=data.binarize)["loss"]
    torch.set_rng_state(state)


def test_settings_are_chosen_without_the_test_split(folder, monkeypatch, capsys):
    from dgm_helpers import data

    digits = data.load("digits")
    digits.test.fill_(float("nan"))  # whatever looks at it is found out
    monkeypatch.setattr(data, "load", lambda name: digits)
    assert command.main([*TOY, "--steps", "3", "--validation", "100", "--out", "try"]) == 0
    said = capsys.readouterr().out
    assert "digits: 1337 training and 100 validation images of " in said
    assert "validation split, average over 100 images:" in said and "test" not in said
    header, model = (
        read_header(folder / "try" / "model.safetensors"),
        load_model(folder / "try/model.safetensors"),
    )
    held_out = digits.train[-100:].flatten(1)
    assert header["metric"]["validation loss"] == evaluate(model, held_out, transform=data.binarize)["loss"]
    assert not any(name.startswith("test") for name in header["metric"])
    assert "--validation 100" in header["command"]
    assert command.main(["--resume", "try", "--validation", "50"]) == 2
    assert (
        "try contains a run with validation 100, but 50 was given: omit that option"
        in capsys.readouterr().err
    )
    assert command.main([*TOY, "--validation", "1437", "--out", "none"]) == 2
    assert "n must be from 1 to 1,436, " in capsys.readouterr().err and not (folder / "none").exists()


def test_the_device_that_is_asked_for_comes_before_the_environments(folder, monkeypatch):
    monkeypatch.setenv("DGM_DEVICE", "cuda:99")
    assert command.main([*TOY, "--steps", "1", "--out", "there"]) == 2
    assert command.main([*TOY, "--steps", "1", "--device", "cpu", "--out", "there"]) == 0


def test_the_stated_command_makes_the_same_model(folder):
    assert command.main([*TOY, "--steps", "5", "--learning-rate", "0.01", "--out", "first"]) == 0
    words = shlex.split(read_header(folder / "first" / "model.safetensors")["command"])
    assert words[0] == "dgm-train"
    assert command.main([*words[1:], "--out", "second"]) == 0
    assert same(weights(folder / "first"), weights(folder / "second"))


def test_its_model_can_be_added_to_the_trained_ones(folder, monkeypatch):
    command.main([*TOY, "--steps", "2", "--out", "toy"])
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    pretrained.add("toy", folder / "toy" / "model.safetensors")
    assert read_header(folder / "toy.safetensors")["command"].startswith(
        "dgm-train vae --preset laptop --data digits"
    )


def test_a_longer_run_goes_on_where_the_short_one_ended(folder, capsys):
    command.main([*TOY, "--steps", "9", "--out", "whole"])
    command.main([*TOY, "--steps", "4", "--out", "parts"])
    assert command.main(["--resume", "parts", "--steps", "9"]) == 0
    assert same(weights(folder / "whole"), weights(folder / "parts"))
    capsys.readouterr()
    assert command.main(["vae", "--resume", "parts"]) == 0
    assert "step 9: " in capsys.readouterr().out


def test_a_conditional_model_is_trained_and_drawn_with_labels(folder):
    arguments = ["gated_pixelcnn", "--data", "digits", "--set", "image_size=8", "--set", "classes=10", "--set",
                 "channels=4", "--set", "layers=1"]  # fmt: skip
    assert command.main([*arguments, "--steps", "2", "--batch-size", "8", "--out", "classes"]) == 0
    assert (folder / "classes" / "samples.png").exists()


def test_a_model_that_cannot_be_sampled_gets_no_picture(folder):
    assert (
        command.main(["revnet", "--steps", "1", "--batch-size", "4", "--data", "digits", "--out", "r"]) == 0
    )
    assert (folder / "r" / "model.safetensors").exists() and not (folder / "r" / "samples.png").exists()


def test_a_log_file_is_told_now_and_then_how_far_a_run_is(monkeypatch, capsys):
    monkeypatch.delenv("DGM_QUIET")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # a plugin of pytest may have imported it
    assert command.main([*TOY, "--steps", "40", "--out", "toy"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        f"step {step} of 40" for step in (1, *range(4, 41, 4))
    ]
    assert all(": loss " in line for line in lines) and "to go" in lines[0] and "to go" not in lines[-1]
    monkeypatch.setenv("DGM_QUIET", "1")
    assert command.main([*TOY, "--steps", "40", "--out", "quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_flow_is_told_in_bits_per_dimension_too(folder, capsys):
    flow = ["nice", "--data", "digits", "--set", "data_dim=64", "--set", "levels=17", "--set", "hidden=(4,)"]
    assert command.main([*flow, "--steps", "2", "--out", "flow"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "bits_per_dim" in line]
    assert line.endswith(" bits per dimension")
    from dgm_helpers import data
    from dgm_helpers.metrics.bits_per_dimension import bits_per_dim_of_images

    # The metric's own, with the same noise: evaluate draws it for 100 images at a time.
    model, noise = load_model(folder / "flow" / "model.safetensors"), generator(0)
    images = data.load("digits").test.flatten(1)
    bits = (
        torch.cat([bits_per_dim_of_images(model, batch, noise) for batch in images.split(100)])
        .detach()
        .mean()
    )
    assert float(line.split()[1]) == pytest.approx(float(bits), rel=1e-4)
    assert read_header(folder / "flow" / "model.safetensors")["metric"]["test bits_per_dim"] > 0


def test_a_games_sum_of_losses_is_not_told(folder, capsys):
    game = ["gan", "--data", "digits", "--set", "data_shape=(1,8,8)", "--set", "channels=(4,)"]
    assert command.main([*game, "--steps", "2", "--out", "game"]) == 0
    said = capsys.readouterr().out
    assert "loss" not in said.replace("the loss", "").replace("term of the loss", "")
    assert "nats (1.3863 at equilibrium)" in said and "nats (0.69315 at equilibrium)" in said
    assert (folder / "game" / "curve.png").exists()


def test_minutes_are_a_budget(folder):
    # One step is always made; the first one ends after a thousandth of a second.
    assert command.main([*TOY, "--minutes", "1e-9", "--out", "short"]) == 0
    assert torch.load(folder / "short" / FILE)["step"] == 1


@pytest.mark.parametrize("resumed", [["--minutes", "1e-9"], ["--steps", "2"]])
def test_the_command_of_a_run_that_ended_elsewhere_says_how_many_steps_made_its_weights(folder, resumed):
    assert command.main([*TOY, "--steps", "3", "--out", "first"]) == 0
    assert command.main(["--resume", "first", *resumed]) == 0
    words = shlex.split(read_header(folder / "first" / "model.safetensors")["command"])
    assert words[words.index("--steps") + 1] == "3" and "--minutes" not in words
    assert command.main([*words[1:], "--out", "second"]) == 0
    assert same(weights(folder / "first"), weights(folder / "second"))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "MODEL is missing: `dgm-train --list` lists the models"),
        (["gpt"], "the model must be one of "),
        (["vae", "--preset", "desktop"], "the preset of vae must be one of paper, laptop, laptop_conv; got 'desktop'"),
        (["vae", "--data", "faces"], "; got 'faces'"),
        (["gan", "--preset", "paper"], "; got 'lsun_bedrooms', which this course cannot provide: train on"),
        (["vae", "--data", "digits"], "digits has images of 1×8×8, but the model has data_dim 784: choose other data, "
                                      "or --set data_dim=64"),
        (["pixelcnn", "--data", "digits"], "the model has image_size 28: choose other data, or --set image_size=8"),
        (["vae", "--set", "depth=3"], "an argument of vae must be one of data_dim, "),
        (["vae", "--set", "likelihood=poisson"], "likelihood must be one of bernoulli, gaussian; got 'poisson'"),
        (["vae", "--set", "latent_dim=-2"], "vae with latent_dim=-2 instead of 10 cannot be built: Trying to create"),
        (["vae", "--set", "latent_dim=0"], "vae with latent_dim=0 instead of 10 cannot compute its loss"),
        (["gated_pixelcnn", "--data", "digits", "--set", "image_size=8", "--set", "classes=3"],
         "digits has 10 classes, but the model has classes 3: choose other data, or --set classes=10"),
        (["gan", "--batch-size", "1"], "at least 2 images in each process, got 1: use a larger --batch-size"),
        (["gated_pixelcnn", "--set", "levels=1"], "levels must be at least 2, got 1"),
        (["vae", "--device", "cuda:99"], "a device that torch can use here, got 'cuda:99': choose 'cpu' ("),
        (["vae", "--out", "damaged"], "damaged exists: resume it with --resume damaged, or name another folder with"),
        (["vae", "--out", "pictures"], "pictures is not empty and does not contain a run: name another"),
        (["vae", "--out", "file"], "file is a file: name a folder with --out"),
        (["infogan", "--set", "minibatch_dims=0"], "infogan with minibatch_dims=0 instead of 8 cannot compute its"),
        (["--resume", "nowhere"], "nowhere does not contain a run to resume: run.json is missing"),
        (["--resume", "empty"], "empty does not contain a run to resume: run.json cannot be read"),
        (["--resume", "damaged"], "damaged/checkpoint.pt cannot be read as a checkpoint"),
        (["nice", "--resume", "toy"], "toy contains a run with model vae, but nice was given: omit that option"),
        (["--resume", "toy", "--seed", "7"], "toy contains a run with seed 0, but 7 was given: omit that option"),
        (["--resume", "toy", "--set", "latent_dim=3"], "toy contains a run with set {"),
        (["--resume", "toy", "--out", "other"], "--resume continues in its own folder: omit --out"),
    ],
)  # fmt: skip
def test_wrong_input_gets_one_sentence_and_status_2(folder, capsys, arguments, said):
    (folder / "file").touch()
    (folder / "pictures").mkdir()
    (folder / "pictures" / "cat.png").touch()
    (folder / "toy").mkdir()
    toy = Command(model="vae", preset="laptop", data="digits", batch_size=8, learning_rate=0.1, seed=0, steps=1,
                   set={"data_dim": 64})  # fmt: skip
    for name, content in (
        ("toy", json.dumps(vars(toy))),
        ("empty", "{}"),
        ("damaged", json.dumps(vars(toy))),
    ):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "run.json").write_text(content)
    (folder / "damaged" / FILE).write_bytes(b"junk")
    before = files(folder)
    assert command.main(arguments) == 2
    output = capsys.readouterr()
    assert output.err.startswith("dgm-train: ") and said in output.err and output.err.count("\n") == 1
    assert output.out == "" and files(folder) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["vae", "--steps", "0"],
        ["vae", "--minutes", "nan"],
        ["vae", "--set", "depth"],
        ["vae", "--learning-rate", "x"],
        ["vae", "--minutes", "inf"],
        ["vae", "--seed", "1e3"],
        ["vae", "--seed", str(2**63)],
    ],
)
def test_numbers_that_are_none_are_told(capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    assert "dgm-train: error: argument" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_before_training(folder, capsys):
    (folder / "file").touch()
    assert command.main([*TOY, "--steps", "2", "--out", "file/run"]) == 2
    said = capsys.readouterr().err
    assert (
        said
        == "dgm-train: nothing can be written into file/run (Not a directory): name another folder with --out\n"
    )


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), RuntimeError("[enforce fail] unexpected pos 1")],
    ids=repr,
)
def test_a_full_disk_leaves_the_last_checkpoint_and_says_how_to_go_on(folder, monkeypatch, capsys, error):
    def fails(content, part):
        part.write_bytes(b"half of it")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", fails)
        assert command.main([*TOY, "--steps", "2", "--out", "first"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"dgm-train: first/{FILE} cannot be written (") and said.count("\n") == 1
    assert said.endswith("): free space, or choose another folder with --out\n")
    assert command.main([*TOY, "--steps", "2", "--out", "run"]) == 0
    before = weights(folder / "run")
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", fails)
        assert command.main(["--resume", "run", "--steps", "4"]) == 1
    assert capsys.readouterr().err.endswith(
        "free space, then continue from the last checkpoint with `dgm-train --resume run`\n"
    )
    assert same(before, weights(folder / "run"))
    assert [path.name for path in (folder / "run").glob(".*")] == [LOCK]


def test_ctrl_c_before_the_first_step_and_while_samples_are_made(folder, monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dgm_helpers.training.run.fit", interrupted)
        assert command.main([*TOY, "--steps", "2", "--out", "early"]) == 130
    assert capsys.readouterr().err == "dgm-train: stopped before the first checkpoint\n"
    with monkeypatch.context() as patch:
        patch.setattr("dgm_helpers.training.run.draw_samples", interrupted)
        assert command.main([*TOY, "--steps", "2", "--out", "late"]) == 130
    assert "after the last step" in capsys.readouterr().err
    assert command.main(["--resume", "late"]) == 0
    assert (folder / "late" / "samples.png").exists()
    assert "no steps were left to make: `dgm-train --resume late --steps N`" in capsys.readouterr().err


def test_a_run_goes_on_with_the_tuples_that_it_was_given(folder):
    flow = [
        "real_nvp",
        "--data",
        "digits",
        "--set",
        "image_size=(8,8)",
        "--set",
        "features=2",
        "--batch-size",
        "8",
    ]
    assert command.main([*flow, "--steps", "1", "--out", "flow"]) == 0
    assert (
        command.main(["--resume", "flow", "--set", "image_size=(8,8)", "--set", "features=2", "--steps", "2"])
        == 0
    )
    assert torch.load(folder / "flow" / FILE)["step"] == 2


def test_training_that_breaks_down_has_status_1_and_names_the_term(folder, capsys):
    assert command.main([*TOY, "--learning-rate", "1e30", "--steps", "50", "--out", "wild"]) == 1
    assert "no update was made" in capsys.readouterr().err
    # Nothing was kept: the folder is free for another attempt.
    assert command.main([*TOY, "--learning-rate", "1e-3", "--steps", "1", "--out", "wild"]) == 0
    assert torch.load(folder / "wild" / FILE)["step"] == 1


def test_a_last_step_that_breaks_the_model_has_status_1(folder, capsys):
    assert command.main([*TOY, "--learning-rate", "1e30", "--steps", "1", "--out", "wild"]) == 1
    said = capsys.readouterr()
    assert "1 step, 100 images per step, in wild" in said.out
    assert (
        "dgm-train: the last step broke the model, whose loss on the test split is nan: the usual fix is"
        in said.err
    )


def test_a_batch_of_more_images_than_there_are_is_told(folder, capsys):
    assert command.main([*TOY, "--batch-size", "5000", "--steps", "2", "--out", "whole"]) == 0
    assert "2 steps, all 1,437 images in each step, in whole" in capsys.readouterr().out


def test_the_list_has_a_row_for_every_preset(capsys):
    assert command.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model", "preset", "class", "parameters", "data", "steps", "batch"]
    assert ["vae", "laptop", "VAE", "320,804", "mnist_10k", "3,000", "100"] in [
        line.split() for line in lines
    ]
    assert len(lines) > 20
    assert any("digits, mnist_10k, sprites, heads need no network" in line for line in lines[20:])


class Process:
    """dgm-train in a process of its own, given a signal as soon as it has written a checkpoint."""

    def __init__(self, arguments, checkpoint):
        written = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen([sys.executable, "-m", command.__name__, *arguments], env=environment,
                                        stderr=subprocess.PIPE, text=True)  # fmt: skip
        while self.process.poll() is None:
            if checkpoint.exists() and checkpoint.stat().st_mtime_ns != written:
                return
            time.sleep(0.01)
        raise AssertionError(f"it ended before a checkpoint was written: {self.process.stderr.read()}")

    def end(self, number):
        self.process.send_signal(number)
        _, said = self.process.communicate()
        return self.process.returncode, said


def test_interrupted_then_killed_a_run_still_comes_to_the_same_model(folder):
    checkpoint = folder / "run" / FILE
    status, said = Process([*TOY, "--steps", "1000000", "--out", "run"], checkpoint).end(signal.SIGINT)
    assert status == 130 and "`dgm-train --resume run` continues" in said
    interrupted = torch.load(checkpoint)["step"]
    status, _ = Process(["--resume", "run"], checkpoint).end(signal.SIGKILL)
    assert status == -signal.SIGKILL
    killed = torch.load(checkpoint)["step"]
    assert killed > interrupted and killed % 500 == 0
    # Back in this process: to the end that a run has that nothing befell.
    assert command.main(["--resume", "run", "--steps", str(killed + 10)]) == 0
    assert command.main([*TOY, "--steps", str(killed + 10), "--out", "whole"]) == 0
    assert same(weights(folder / "run"), weights(folder / "whole"))


@pytest.mark.parametrize(
    "arguments", [["--list"], [*TOY, "--steps", "1", "--out", "run"]], ids=["list", "run"]
)
def test_what_it_prints_need_not_be_read_to_the_end(folder, arguments):
    with subprocess.Popen([sys.executable, "-m", command.__name__, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 141 and "Error" not in said and "Broken" not in said
