"""What fit can be asked for: a budget of time, an average of the weights, bfloat16, compilation."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit, session
from dgm_helpers.training.averaging import weight_average

DIGITS = data.load("digits")


class Parabola(torch.nn.Module):
    """A parabola in one weight, that notes whether it is computed under autocast."""

    def __init__(self):
        super().__init__()
        self.weight, self.autocast = torch.nn.Parameter(torch.zeros(1)), []

    def loss(self, batch, generator=None):
        self.autocast.append(torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu"))
        return {"loss": (self.weight - 3).square().sum()}


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by 10 seconds whenever a batch is made, and else stands still."""
    now = [1000.0]
    monkeypatch.setattr(session, "monotonic", lambda: now[0])

    def transform(batch, generator):
        now[0] += 10
        return batch

    return transform


def test_no_step_begins_after_the_time_is_up(clock):
    assert fit(Parabola(), torch.zeros(4, 1), seconds=35, transform=clock, log_every=1)["step"] == [
        1,
        2,
        3,
        4,
    ]
    assert fit(Parabola(), torch.zeros(4, 1), seconds=40, transform=clock, log_every=1)["step"] == [
        1,
        2,
        3,
        4,
    ]
    assert fit(Parabola(), torch.zeros(4, 1), seconds=1, transform=clock, log_every=1)["step"] == [1]


def test_of_steps_and_seconds_the_first_to_end_counts(clock):
    assert len(fit(Parabola(), torch.zeros(4, 1), steps=2, seconds=35, transform=clock, log_every=1)) == 2
    assert len(fit(Parabola(), torch.zeros(4, 1), steps=9, seconds=35, transform=clock, log_every=1)) == 4


def test_the_last_row_holds_what_the_time_allowed(clock):
    history = fit(Parabola(), torch.zeros(4, 1), seconds=55, transform=clock, log_every=4)
    assert history["step"] == [4, 6]


def test_time_already_spent_counts_after_a_stop(clock, tmp_path):
    fit(Parabola(), torch.zeros(4, 1), steps=2, transform=clock, folder=tmp_path)
    history = fit(Parabola(), torch.zeros(4, 1), seconds=50, transform=clock, folder=tmp_path, log_every=50)
    assert history["step"][-1] == 5
    assert fit(Parabola(), torch.zeros(4, 1), seconds=50, transform=clock, folder=tmp_path)["step"][-1] == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"^give `steps` or `seconds`: without either, training would never stop$"),
        ({"seconds": 0}, r"^seconds must be more than 0, got 0$"),
        ({"seconds": float("nan")}, r"^seconds must be more than 0, got nan$"),
        ({"steps": 1, "checkpoint_every": 0}, r"^checkpoint_every must be at least 1, got 0$"),
        ({"steps": 1, "weight_average": 1.0}, r"^weight_average must be a decay in \[0, 1\), got 1\.0$"),
    ],
)
def test_what_cannot_be_asked_for_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        fit(Parabola(), torch.zeros(4, 1), **options)


def test_the_model_is_left_with_the_average_of_its_weights():
    path, model = [], Parabola()
    fit(model, torch.zeros(4, 1), steps=30, learning_rate=0.1, weight_average=0.8,
        transform=lambda batch, _: path.append(float(model.weight.detach())) or batch)  # fmt: skip
    plain = Parabola()
    fit(plain, torch.zeros(4, 1), steps=30, learning_rate=0.1)
    path = [
        *path[1:],
        float(plain.weight.detach()),
    ]  # the weight after each step; averaging does not change the path
    average = 0.0
    for step, weight in enumerate(path, 1):
        decay = min(0.8, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weight
    assert float(model.weight.detach()) == pytest.approx(average, rel=1e-5)
    assert average < path[-1] - 0.1


def test_an_average_of_equal_weights_is_that_weight():
    model = Parabola()
    average = weight_average(model, 0.9995)
    for _ in range(200):
        average.update_parameters(model)
    assert float(average.module.weight.detach()) == 0.0


@pytest.mark.parametrize(("bf16", "dtype"), [(None, False), (False, False), (True, torch.bfloat16)])
def test_bfloat16_on_a_cpu_is_asked_for(bf16, dtype):
    model = Parabola()
    fit(model, torch.zeros(4, 1), steps=1, bf16=bf16)
    assert model.autocast == [dtype]


def test_training_in_bfloat16_keeps_weights_and_loss_in_float32():
    torch.manual_seed(0)
    model = VAE(data_dim=64, latent_dim=2, hidden=(8,))
    dtypes = []
    model.decoder.register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    history = fit(
        model, DIGITS.train[:64], steps=60, batch_size=32, learning_rate=1e-2, bf16=True, log_every=20
    )
    assert set(dtypes) == {torch.bfloat16}
    assert all(value.dtype == torch.float32 for value in model.state_dict().values())
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="torch.compile needs a C++ compiler"
)
@pytest.mark.parametrize(
    "name",
    [
        "NICE",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("VAE", "GatedPixelCNN", "RevNet", "GAN", "FactorVAE")
        ),
    ],
)
def test_a_compiled_model_learns_the_same(name):
    script = Path(__file__).with_name("compiled.py")
    done = subprocess.run([sys.executable, script, name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["graphs"] > 0 and result["keys"]
    # The later losses are those of weights that compiled steps have led to.
    torch.testing.assert_close(
        torch.tensor(result["compiled"]), torch.tensor(result["plain"]), rtol=1e-4, atol=1e-4
    )
