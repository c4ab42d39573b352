"""Optimizer, schedule and initialization by data: what fit makes of them, and that they are part of a run."""

import math
from functools import partial

import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, RMSprop

from dgm_helpers import data
from dgm_helpers.models.pixelcnn_pp import PixelCNNPP
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import fit, optimizers, session
from dgm_helpers.training.examples import Examples
from dgm_helpers.training.state import FILE

DIGITS = data.load("digits").train
TEN = torch.arange(10.0)[:, None]


class Slope(torch.nn.Module):
    """A loss that falls with slope 1 in one weight; keeps the batches it sees, and what it was initialized by."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.seen, self.first = [], []

    def initialize(self, batch, generator=None):
        self.first.append((batch, self.training))
        self.weight.data.fill_(float(batch.sum()))

    def loss(self, batch, generator=None):
        self.seen.append(batch)
        return {"loss": self.weight.sum()}


def small_vae():
    torch.manual_seed(0)
    return VAE(data_dim=64, latent_dim=2, hidden=(8,))


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_a_schedule_gives_each_step_its_learning_rate():
    asked = []

    def schedule(steps, passes):
        asked.append((steps, passes))
        return 1 / (1 + steps)

    model = Slope()
    fit(model, TEN, steps=7, batch_size=3, learning_rate=0.5, optimizer=SGD, schedule=schedule)
    # Ten points make three batches of three.
    # The last factor is that of a step that is not made.
    assert asked == [(step, step / 3) for step in range(8)]
    assert model.weight.item() == pytest.approx(-0.5 * sum(1 / n for n in range(1, 8)), rel=1e-14)


def test_a_pass_ends_with_its_last_whole_batch():
    passes = []
    fit(Slope(), TEN, steps=8, batch_size=4, schedule=lambda _, passed: passes.append(passed) or 1.0)
    assert passes == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


class Players(Slope):
    """The weight, and a second one that learns at a quarter of the rate."""

    def __init__(self):
        super().__init__()
        self.second = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def parameter_groups(self, learning_rate):
        return [{"params": [self.weight]}, {"params": [self.second], "lr": learning_rate / 4}]

    def loss(self, batch, generator=None):
        return {"loss": (self.weight + self.second).sum()}


def test_the_factor_is_that_of_each_players_own_learning_rate():
    model = Players()
    fit(model, TEN, steps=3, learning_rate=0.4, optimizer=SGD, schedule=lambda steps, _: 0.5**steps)
    assert model.weight.item() == pytest.approx(-0.4 * 1.75)
    assert model.second.item() == pytest.approx(-0.1 * 1.75)


def test_the_optimizer_is_the_one_asked_for():
    model = Slope()
    fit(model, TEN, steps=4, learning_rate=0.1, optimizer=partial(SGD, momentum=0.9, weight_decay=0.5))
    weight, velocity = 0.0, 0.0
    for _ in range(4):
        velocity = 0.9 * velocity + 1 + 0.5 * weight
        weight -= 0.1 * velocity
    assert model.weight.item() == pytest.approx(weight, rel=1e-14)


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_a_schedule_that_gives_no_factor_is_told(factor):
    message = f"^the schedule's factor after 1 steps must be finite and at least 0, got {factor}$"
    with pytest.raises(ValueError, match=message):
        fit(Slope(), TEN, steps=3, schedule=lambda steps, _: factor if steps else 1.0)


def test_adam_is_fused_unless_told_otherwise_and_others_are_what_they_are():
    model = Slope()
    kinds = (
        None,
        Adam,
        partial(Adam, eps=1e-4),
        partial(Adam, fused=False),
        partial(SGD, momentum=0.9),
        RMSprop,
    )
    fused = [optimizers.build(model, 0.1, kind).defaults.get("fused") for kind in kinds]
    assert fused == [True, True, True, False, None, None]


def test_a_checkpoint_calls_optimizers_and_schedules_by_name_and_arguments():
    assert optimizers.name_of(None) is None
    assert optimizers.name_of(RMSprop) == "RMSprop"
    assert (
        optimizers.name_of(partial(partial(Adam, eps=1e-4), betas=(0.9, 0.99)))
        == "Adam(betas=(0.9, 0.99), eps=0.0001)"
    )
    assert optimizers.name_of(small_vae) == "small_vae"


def test_initialization_sees_the_first_points_of_the_first_epoch_as_training_does():
    model, plain = Slope(), Slope()
    options = {"steps": 3, "batch_size": 4, "seed": 5, "transform": lambda batch, _: batch + 100}
    fit(model, TEN, initialize=4, **options)
    fit(plain, TEN, **options)
    ((first, training),) = model.first
    assert torch.equal(first, model.seen[0]) and training and first.dtype == torch.float64
    assert model.weight.item() == pytest.approx(float(first.sum()) + plain.weight.item())
    # It uses up none of the run's random numbers.
    assert all(torch.equal(*pair) for pair in zip(model.seen, plain.seen, strict=True)) and not plain.first


def test_initialization_by_more_than_there_are_sees_all():
    model = Slope()
    fit(model, TEN, steps=1, initialize=60_000)
    assert sorted(model.first[0][0].flatten().tolist()) == list(range(10))


def test_initialization_that_cannot_be_is_told():
    with pytest.raises(ValueError, match=r"^VAE has no data-dependent initialization: omit `initialize`$"):
        fit(small_vae(), DIGITS, steps=1, initialize=8)
    with pytest.raises(ValueError, match=r"^initialize must be at least 1, got 0$"):
        fit(Slope(), TEN, steps=1, initialize=0)


def halved(steps, passes):
    """A schedule that changes within the run of the next test, before and after its stop."""
    return 0.5 ** int(passes)


@pytest.mark.parametrize(
    "optimizer",
    [None, partial(SGD, momentum=0.9, weight_decay=1e-3), RMSprop, Adagrad],
    ids=optimizers.name_of,
)
def test_a_run_with_all_of_them_goes_on_to_the_bit(tmp_path, optimizer):
    def train(steps, folder, seed=0):
        torch.manual_seed(seed)
        model = PixelCNNPP(image_size=8, image_channels=1, levels=17, channels=4, blocks=1, scales=2, mixtures=2,
                           dropout=0.5)  # fmt: skip
        fit(model, DIGITS[:10], steps=steps, batch_size=4, learning_rate=1e-3, optimizer=optimizer,
            schedule=halved, initialize=6, weight_average=0.9, folder=folder)  # fmt: skip
        return weights(model)

    whole = train(7, None)
    stopped = train(3, tmp_path)
    assert torch.equal(train(7, tmp_path, seed=1), whole) and not torch.equal(stopped, whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": None}, "schedule = halved, got None"),
        ({"schedule": lambda steps, passes: halved(steps, passes)}, "schedule = halved, got <lambda>"),
        ({"optimizer": None}, r"optimizer = SGD\(momentum=0\.9\), got None"),
        (
            {"optimizer": partial(SGD, momentum=0.5)},
            r"optimizer = SGD\(momentum=0\.9\), got SGD\(momentum=0\.5\)",
        ),
        ({"initialize": 3}, "initialize = 4, got 3"),
    ],
)
def test_a_run_with_others_of_them_is_refused(tmp_path, change, said):
    arguments = {"steps": 2, "batch_size": 4, "schedule": halved, "initialize": 4, "folder": tmp_path,
                 "optimizer": partial(SGD, momentum=0.9)}  # fmt: skip
    fit(Slope(), TEN, **arguments)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(ValueError, match=said) as error:
        fit(Slope(), TEN, **{**arguments, "steps": 4, **change})
    assert "name another folder" in str(error.value) and (tmp_path / FILE).read_bytes() == before


def test_a_schedule_of_the_same_name_that_gave_other_learning_rates_is_refused(tmp_path):
    def named(base):
        return lambda steps, _: base**steps

    arguments = {"batch_size": 4, "learning_rate": 1.0, "folder": tmp_path}
    fit(Slope(), TEN, steps=3, schedule=named(0.5), **arguments)
    with pytest.raises(ValueError, match=r"learning rates after 3 steps = \[0\.125\], got \[0\.015625\]"):
        fit(Slope(), TEN, steps=5, schedule=named(0.25), **arguments)
    fit(Slope(), TEN, steps=5, schedule=named(0.5), **arguments)


def test_a_checkpoint_with_the_learning_rates_of_its_last_step_resumes_exactly(tmp_path):
    """They were set before each step, until torch's LambdaLR set them after it, and noted the first ones."""
    arguments = {"batch_size": 4, "learning_rate": 0.5, "optimizer": SGD, "schedule": halved}
    whole = Slope()
    fit(whole, TEN, steps=7, **arguments)
    fit(Slope(), TEN, steps=4, folder=tmp_path, **arguments)
    content = torch.load(tmp_path / FILE)
    (group,) = content["optimizer"]["param_groups"]
    assert (group.pop("initial_lr"), group["lr"]) == (0.5, 0.125)
    group["lr"] = 0.25
    torch.save(content, tmp_path / FILE)
    for steps in (5, 7):  # the second time from a checkpoint of today
        again = Slope()
        fit(again, TEN, steps=steps, folder=tmp_path, **arguments)
    assert torch.equal(again.weight, whole.weight)


def test_bytes_train_as_numbers_do_and_are_not_copied(monkeypatch):
    images = (DIGITS[:50] * 16).byte() * 15
    kept = []
    monkeypatch.setattr(session, "Examples", lambda *arguments: kept.append(Examples(*arguments)) or kept[-1])
    models = []
    for x in (images, images.float() / 255):
        models.append(small_vae())
        fit(models[-1], x, steps=5, batch_size=8)
        assert kept[-1].x.data_ptr() == x.data_ptr()
    assert kept[0].x.dtype == torch.uint8
    assert torch.equal(*map(weights, models))
