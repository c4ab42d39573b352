"""A run that was stopped goes on as if it had not been: the same weights to the bit, the same history."""

import os
import signal

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models.pixelcnn_pp import PixelCNNPP
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit, registry
from dgm_helpers.training.evaluation import takes_labels
from dgm_helpers.training.folder import LOCK
from dgm_helpers.training.state import FILE

DIGITS = data.load("digits")


def small_vae(seed=0, latent_dim=2):
    torch.manual_seed(seed)
    return VAE(data_dim=64, latent_dim=latent_dim, hidden=(8,))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("name", registry.names())
def test_every_model_goes_on_exactly(name, tmp_path):
    entry = registry.find(name, "laptop")
    dataset = data.load(entry.training.data)
    # Ten points in batches of four: the second and the third epoch begin in the run, and it stops within one.
    probe = entry.build()
    images = dataset.train[:10].flatten(1) if "data_dim" in probe.config else dataset.train[:10]
    labels = dataset.train_labels[:10] if takes_labels(probe) else None

    def train(steps, folder):
        torch.manual_seed(0)
        model = entry.build()
        arguments = entry.training.arguments() | {"batch_size": 4, "log_every": 3}
        history = fit(model, images, labels=labels, steps=steps, folder=folder, **arguments)
        return weights(model), history.rows

    whole, rows = train(5, None)
    stopped, _ = train(3, tmp_path)
    again, rows_again = train(5, tmp_path)
    assert not same(stopped, whole), "nothing was learned after the stop"
    assert same(again, whole)
    assert rows_again == rows


def test_dropout_goes_on_too(tmp_path):
    """Its masks come from torch's global generator."""

    def train(steps, folder):
        torch.manual_seed(0)
        model = PixelCNNPP(image_size=8, image_channels=1, levels=17, channels=8, blocks=1, scales=2, mixtures=2,
                           dropout=0.5)  # fmt: skip
        fit(model, DIGITS.train[:12], steps=steps, batch_size=4, folder=folder)
        return weights(model)

    whole = train(4, None)
    train(2, tmp_path)
    assert same(train(4, tmp_path), whole)


def test_after_ctrl_c_the_step_is_finished_and_the_run_goes_on_exactly(tmp_path):
    def train(folder, interrupt_at=None):
        calls = []

        def transform(batch, generator):
            calls.append(1)
            if len(calls) == interrupt_at:
                os.kill(os.getpid(), signal.SIGINT)
            return data.binarize(batch, generator)

        model = small_vae()
        history = fit(
            model, DIGITS.train[:50], steps=12, batch_size=8, log_every=5, transform=transform, folder=folder
        )
        return weights(model), history.rows, len(calls)

    handler = signal.getsignal(signal.SIGINT)
    whole, rows, _ = train(None)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, interrupt_at=7)
    assert signal.getsignal(signal.SIGINT) is handler
    again, rows_again, calls = train(tmp_path)
    assert calls == 12 - 7
    # A row of the history that was half added up when the run stopped is the same too.
    assert same(again, whole) and rows_again == rows


def test_without_a_folder_ctrl_c_stops_at_once():
    def transform(batch, generator):
        os.kill(os.getpid(), signal.SIGINT)
        return batch

    with pytest.raises(KeyboardInterrupt):
        fit(small_vae(), DIGITS.train[:50], steps=2, transform=transform)


def test_a_finished_run_makes_no_further_step_and_a_longer_one_goes_on(tmp_path):
    model = small_vae()
    rows = fit(
        model, DIGITS.train[:50], steps=4, batch_size=8, log_every=3, weight_average=0.9, folder=tmp_path
    ).rows
    finished = weights(model)
    again = small_vae(seed=1)

    def fails(batch, generator):
        raise AssertionError("a step was made")

    history = fit(again, DIGITS.train[:50], steps=4, batch_size=8, log_every=3, weight_average=0.9, folder=tmp_path,
                  transform=fails)  # fmt: skip
    assert same(weights(again), finished) and history.rows == rows and not again.training
    longer = fit(small_vae(seed=1), DIGITS.train[:50], steps=7, batch_size=8, log_every=3, weight_average=0.9,
                 folder=tmp_path)  # fmt: skip
    # The fourth step had a row of its own, so the next holds the average of two.
    assert longer["step"] == [3, 4, 6, 7] and longer.rows[:2] == rows
    apart = fit(small_vae(), DIGITS.train[:50], steps=7, batch_size=8, log_every=1)["loss"]
    assert longer["loss"][2] == pytest.approx((apart[4] + apart[5]) / 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 5}, "seed = 3, got 5"),
        ({"batch_size": 16}, "batch_size = 8, got 16"),
        ({"learning_rate": 0.5}, "learning_rate = 0.001, got 0.5"),
        ({"weight_average": 0.9}, r"weight_average = None, got 0\.9"),
        ({"x": DIGITS.train[:40]}, r"data = \(50, 1, 8, 8\), got \(40, 1, 8, 8\)"),
        ({"model": small_vae(latent_dim=3)}, "model = VAE.*'latent_dim': 2.*, got VAE.*'latent_dim': 3"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_in_one_sentence(tmp_path, change, said):
    arguments = {"x": DIGITS.train[:50], "steps": 2, "batch_size": 8, "seed": 3, "folder": tmp_path}
    fit(small_vae(), **arguments)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(ValueError, match=said) as error:
        fit(change.pop("model", small_vae()), **{**arguments, "steps": 4, **change})
    assert str(tmp_path) in str(error.value) and "name another folder" in str(error.value)
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "damage", [lambda content: content[: len(content) // 2], lambda content: b"", lambda _: b"x"]
)
def test_a_damaged_checkpoint_is_told(tmp_path, damage):
    fit(small_vae(), DIGITS.train[:50], steps=1, folder=tmp_path)
    path = tmp_path / FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"checkpoint\.pt cannot be read as a checkpoint"):
        fit(small_vae(), DIGITS.train[:50], steps=2, folder=tmp_path)


def test_checkpoints_come_every_so_many_steps_and_at_the_end(tmp_path, monkeypatch):
    written = []
    save = torch.save
    monkeypatch.setattr(
        torch, "save", lambda content, part: (written.append(content["step"]), save(content, part))
    )
    fit(small_vae(), DIGITS.train[:50], steps=7, batch_size=8, folder=str(tmp_path), checkpoint_every=3)
    assert written == [3, 6, 7] and {path.name for path in tmp_path.iterdir()} == {FILE, LOCK}


def test_a_write_that_fails_half_way_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    fit(small_vae(), DIGITS.train[:50], steps=2, folder=tmp_path)
    before = (tmp_path / FILE).read_bytes()

    def full(content, part):
        part.write_bytes(b"half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        with pytest.raises(OSError, match="no space"):
            fit(small_vae(), DIGITS.train[:50], steps=4, folder=tmp_path)
    assert (tmp_path / FILE).read_bytes() == before and {path.name for path in tmp_path.iterdir()} == {
        FILE,
        LOCK,
    }


class Steep(VAE):
    """A VAE with a term that is NaN, or a gradient that is, from the given step on."""

    def __init__(self, bad_term=None, bad_gradient=None):
        super().__init__(data_dim=64, latent_dim=2, hidden=(8,))
        self.calls, self.bad_term, self.bad_gradient = 0, bad_term, bad_gradient

    def loss(self, batch, generator=None):
        self.calls += 1
        terms = super().loss(batch, generator)
        if self.calls == self.bad_term:
            terms["kl"] = terms["kl"] * float("nan")
        if self.calls == self.bad_gradient:
            terms["loss"].register_hook(lambda gradient: gradient * float("nan"))
        return terms


def test_a_step_whose_loss_is_nan_writes_no_checkpoint(tmp_path):
    with pytest.raises(FloatingPointError, match=r"^step 4: the term 'kl' is nan"):
        fit(Steep(bad_term=4), DIGITS.train[:50], steps=6, folder=tmp_path, checkpoint_every=1)
    assert torch.load(tmp_path / FILE)["step"] == 3


def test_weights_that_the_last_step_made_nan_are_told_without_a_folder_too():
    with pytest.raises(
        FloatingPointError, match=r"^step 4: encoder\.0\.weight is not finite; the model is unusable\."
    ):
        fit(Steep(bad_gradient=4), DIGITS.train[:50], steps=4)


def test_weights_that_are_nan_are_not_kept(tmp_path):
    """The loss was still finite, its gradient was not."""
    with pytest.raises(
        FloatingPointError, match=r"^step 4: encoder\.0\.weight is not finite; no checkpoint of it"
    ):
        fit(Steep(bad_gradient=4), DIGITS.train[:50], steps=6, folder=tmp_path, checkpoint_every=1)
    content = torch.load(tmp_path / FILE)
    assert content["step"] == 3 and all(value.isfinite().all() for value in content["model"].values())
