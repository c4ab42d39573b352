"""The training loop: repeatable, honest about what it did, and loud when a number is not finite."""

import math

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models.linear_vae import LinearVAE
from dgm_helpers.models.vae import VAE
from dgm_helpers.training import History, fit

IMAGES = data.load("digits").train[:200]


def small_vae(seed=0):
    torch.manual_seed(seed)
    return VAE(data_dim=64, latent_dim=2, hidden=(16,))


class Recorder(torch.nn.Module):
    """A model that keeps the batches it sees; its loss is a parabola in one weight and a noise of given size."""

    def __init__(self, noise: float = 0.0):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.noise, self.seen = noise, []

    def loss(self, batch, generator=None):
        self.seen.append(batch)
        draw = self.noise * torch.randn((), generator=generator, dtype=torch.float64)
        return {"loss": (self.weight - 3).square().sum() + draw, "call": torch.tensor(float(len(self.seen)))}


class Failing(torch.nn.Module):
    """A model with one term that is not finite from a given step on."""

    def __init__(self, step: int, value: float):
        super().__init__()
        self.weight, self.step, self.value, self.calls = torch.nn.Parameter(torch.zeros(2)), step, value, 0

    def loss(self, batch, generator=None):
        self.calls += 1
        kl = torch.tensor(self.value if self.calls >= self.step else 1.0)
        return {"loss": self.weight.sum(), "kl": kl}


def test_the_same_seed_trains_the_same_model():
    histories, models = [], []
    for seed in (3, 3, 4):
        model = small_vae()
        histories.append(fit(model, IMAGES, steps=12, batch_size=32, seed=seed, log_every=1).rows)
        models.append(torch.cat([parameter.flatten() for parameter in model.parameters()]))
    assert histories[0] == histories[1] != histories[2]
    assert torch.equal(models[0], models[1]) and not torch.equal(models[0], models[2])


def test_the_global_generator_plays_no_part():
    model = small_vae()
    state = torch.get_rng_state()
    fit(model, IMAGES, steps=3)
    assert torch.equal(torch.get_rng_state(), state)


def test_loss_decreases_and_the_optimum_is_reached():
    generator = torch.Generator().manual_seed(0)
    x = data.gaussian(torch.ones(2).double(), torch.eye(2).double() * 0.5, 400, generator)
    model = LinearVAE(data_dim=2, latent_dim=1).double().reset(generator)
    history = fit(model, x, steps=200, batch_size=400, learning_rate=5e-2)
    covariance = torch.cov(x.T, correction=0)
    # One latent dimension in two: probabilistic PCA attains the maximum likelihood, the sample's entropy.
    best = 0.5 * (2 * (1 + math.log(2 * math.pi)) + torch.logdet(covariance))
    assert history["loss"][-1] < history["loss"][0]
    assert abs(history["loss"][-1] - float(best)) < 1e-2


def test_rows_are_averages_over_their_steps():
    model = Recorder()
    history = fit(model, torch.zeros(10, 1), steps=7, batch_size=2, log_every=3)
    assert history["step"] == [3, 6, 7] and len(history) == 3
    # The recorder's term "call" counts 1, 2, …, 7.
    assert history["call"] == [2.0, 5.0, 7.0]


def test_an_epoch_sees_every_point_once_in_a_new_order():
    model = Recorder()
    fit(model, torch.arange(10.0)[:, None], steps=6, batch_size=3)
    batches = [batch.flatten().tolist() for batch in model.seen]
    assert all(len(batch) == 3 for batch in batches)
    first, second = [*batches[0], *batches[1], *batches[2]], [*batches[3], *batches[4], *batches[5]]
    assert len(set(first)) == len(set(second)) == 9
    assert first != second != sorted(second)


def test_a_batch_larger_than_the_data_is_all_of_them():
    model = Recorder()
    fit(model, torch.arange(5.0)[:, None], steps=2, batch_size=128)
    assert [sorted(batch.flatten().tolist()) for batch in model.seen] == [[0, 1, 2, 3, 4]] * 2


def test_data_are_brought_to_the_models_dtype_and_kept():
    model, x = Recorder(), torch.arange(4)[:, None]
    fit(model, x, steps=1)
    assert model.seen[0].dtype == torch.float64 and x.dtype == torch.int64


def test_the_transform_gets_each_batch_and_the_runs_generator():
    generators = []

    def double_and_jitter(batch, generator):
        generators.append(generator)
        return 2 * batch + torch.rand(batch.shape, generator=generator, dtype=batch.dtype)

    seen = []
    for _ in range(2):
        model = Recorder()
        fit(model, torch.full((4, 1), 5.0), steps=2, transform=double_and_jitter)
        seen.append(model.seen)
    for first, again in zip(*seen, strict=True):
        assert torch.equal(first, again) and (first >= 10).all() and (first < 11).all()
    assert not torch.equal(seen[0][0], seen[0][1])
    assert generators[0] is generators[1] is not generators[2]


def test_binarization_is_a_transform():
    model = small_vae()
    kept = []
    model.register_module("encoder", torch.nn.Sequential(model.encoder))
    model.encoder.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
    fit(model, IMAGES, steps=2, transform=data.binarize)
    assert all(set(batch.unique().tolist()) == {0.0, 1.0} for batch in kept)


def test_noise_of_the_loss_comes_from_the_seed():
    losses = [fit(Recorder(noise=1.0), torch.zeros(4, 1), steps=1, seed=s)["loss"] for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_a_batch_with_nan_stops_before_any_update():
    model = small_vae()
    before = [parameter.clone() for parameter in model.parameters()]
    images = IMAGES.clone()
    images[:, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(model, images, steps=5)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_term_and_the_step_are_named(value):
    model = Failing(step=3, value=value)
    with pytest.raises(FloatingPointError, match=f"^step 3: the term 'kl' is {value}") as error:
        fit(model, torch.zeros(4, 1), steps=5, learning_rate=0.25)
    assert "learning rate" in str(error.value) and "checking the data" in str(error.value)
    # Adam's first steps have the size of the learning rate: two were made, not three.
    torch.testing.assert_close(model.weight.detach(), torch.full((2,), -0.5))


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (0, {"steps": 5}, "^x must have at least 1 data point, got 0$"),
        (3, {"steps": 0}, "^steps must be at least 1, got 0$"),
        (3, {"steps": 5, "batch_size": 0}, "^batch_size must be at least 1, got 0$"),
        (3, {"steps": 5, "log_every": 0}, "^log_every must be at least 1, got 0$"),
    ],
)
def test_nothing_to_do_is_told(n, options, message):
    with pytest.raises(ValueError, match=message):
        fit(Recorder(), torch.zeros(n, 1), **options)


def test_the_model_is_left_in_evaluation_mode():
    model = small_vae()
    fit(model, IMAGES, steps=1)
    assert not model.training and not model.encoder.training


@pytest.mark.parametrize("variable", ["DGM_QUIET", "CI"])
def test_quiet_prints_nothing(monkeypatch, capsys, variable):
    monkeypatch.delenv("DGM_QUIET")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv(variable, "1")
    fit(small_vae(), IMAGES, steps=2)
    assert capsys.readouterr() == ("", "")


def test_a_student_at_a_terminal_sees_progress(monkeypatch, capsys):
    monkeypatch.delenv("DGM_QUIET")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    fit(small_vae(), IMAGES, steps=2)
    assert "VAE" in capsys.readouterr().err


def test_history_returns_columns_and_names_what_it_has():
    history = History()
    with pytest.raises(KeyError, match="no term 'loss' in this history; it has nothing"):
        history["loss"]
    history.add(1, {"loss": 2.0, "kl": 0.5})
    history.add(2, {"loss": 1.0, "kl": 0.75})
    assert history["step"] == [1, 2] and history["loss"] == [2.0, 1.0] and len(history) == 2
    with pytest.raises(KeyError, match="no term 'elbo' in this history; it has step, loss, kl"):
        history["elbo"]


def test_history_plots_its_terms_against_the_step(ax):
    history = History()
    for step in (10, 20, 30):
        history.add(step, {"loss": 100.0 / step, "kl": float(step)})
    assert history.plot(ax, ("loss", "kl")) is ax
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["loss", "kl"] and (ax.get_xlabel(), ax.get_ylabel()) == ("step", "nats")
    assert ax.lines[0].get_xdata().tolist() == [10, 20, 30]
    assert ax.lines[1].get_ydata().tolist() == [10, 20, 30]


class Conditional(Recorder):
    """A model that keeps the labels it sees beside the batches."""

    def __init__(self):
        super().__init__()
        self.labels = []

    def loss(self, batch, label, generator=None):
        self.labels.append(label)
        return super().loss(batch, generator)


def test_a_conditional_model_gets_the_labels_of_its_batch():
    x = torch.arange(20.0)[:, None]
    model = Conditional()
    fit(model, x, labels=torch.arange(20) % 7, steps=6, batch_size=5, transform=lambda batch, _: batch + 1)
    assert len(model.labels) == 6
    for batch, label in zip(model.seen, model.labels, strict=True):
        assert torch.equal((batch[:, 0] - 1).long() % 7, label)


def test_a_setting_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(
        TypeError, match=r"^a setting of fit must be one of steps, seconds, .*; got step, lr$"
    ):
        fit(small_vae(), IMAGES, step=1, lr=0.1)


def test_too_few_labels_are_told():
    with pytest.raises(ValueError, match=r"^labels must have one class per data point, 200, got 3$"):
        fit(small_vae(), IMAGES, labels=torch.zeros(3).long(), steps=1)


class Players(torch.nn.Module):
    """Two players of one number each, whose loss pulls both down with slope 1."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))

    def loss(self, batch, generator=None):
        return {"loss": (self.first + self.second).sum()}

    def parameter_groups(self, learning_rate):
        return [{"params": [self.first], "betas": (0.0, 0.9)},
                {"params": [self.second], "lr": learning_rate / 4}]  # fmt: skip


def test_each_player_has_its_own_learning_rate():
    model = Players()
    fit(model, torch.zeros(4, 1), steps=3, learning_rate=0.5)
    # With a constant gradient each of Adam's steps has the size of the learning rate.
    torch.testing.assert_close(model.first.detach(), torch.tensor([-1.5]))
    torch.testing.assert_close(model.second.detach(), torch.tensor([-0.375]))


def test_each_player_has_its_own_momentum(monkeypatch):
    made = []
    adam = torch.optim.Adam
    monkeypatch.setattr(
        torch.optim, "Adam", lambda *args, **kwargs: made.append(adam(*args, **kwargs)) or made[0]
    )
    fit(Players(), torch.zeros(4, 1), steps=1, learning_rate=0.5)
    assert [group["betas"] for group in made[0].param_groups] == [(0.0, 0.9), (0.9, 0.999)]


def test_a_parameter_in_no_group_is_told():
    model = Players()
    model.third = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(ValueError, match=r"^no parameter group of this model contains 'third'"):
        fit(model, torch.zeros(4, 1), steps=1)
