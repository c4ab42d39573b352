"""Statistics of batch normalization for averaged weights, against torch's own function and a computation by hand."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from dgm_helpers import data
from dgm_helpers.layers.invertible_batch_norm import InvertibleBatchNorm
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.runtime import generator
from dgm_helpers.training import averaging, fit
from dgm_helpers.training.examples import Batches

IMAGES, LABELS = data.load("digits").train[:41], data.load("digits").train_labels[:41]
OPTIONS = {"steps": 9, "batch_size": 8, "learning_rate": 1e-2, "seed": 3}


class Scaled(nn.Module):
    """x times a weight, normalized."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, dtype=torch.float64))
        self.norm = nn.BatchNorm1d(2, affine=False).double()

    def loss(self, batch, generator=None):
        return {"loss": (self.norm(self.weight * batch) ** 3).mean() + self.weight.sum()}


def epoch(size):
    """The batches of the first epoch, in the run's order."""
    batches = Batches(size, OPTIONS["batch_size"], generator(OPTIONS["seed"]))
    return [next(batches) for _ in range(batches.per_epoch)]


def test_they_are_the_averages_over_a_pass_with_the_averaged_weights():
    x = torch.rand(41, 2, generator=generator(1), dtype=torch.float64)
    model = Scaled()
    fit(model, x, weight_average=0.9, **OPTIONS)
    batches = [x[index] * model.weight.detach() for index in epoch(41)]
    assert len(batches) == 5
    mean = torch.stack([batch.mean(dim=0) for batch in batches]).mean(dim=0)
    var = torch.stack([batch.var(dim=0) for batch in batches]).mean(dim=0)
    torch.testing.assert_close(model.norm.running_mean, mean, rtol=1e-12, atol=0)
    torch.testing.assert_close(model.norm.running_var, var, rtol=1e-12, atol=0)
    assert model.norm.momentum == 0.1 and not model.norm.training


def trained(**options):
    torch.manual_seed(0)
    model = RevNet(image_channels=1, units=(1, 2), channels=(4, 4, 8), strides=(1, 2)).double()
    fit(model, IMAGES, labels=LABELS, weight_average=0.9, **OPTIONS | options)
    return {name: value.clone() for name, value in model.state_dict().items()}, model


def test_they_are_those_of_torch_s_own_function():
    ours, model = trained()
    update_bn([IMAGES[index].double() for index in epoch(41)], model)
    theirs = model.state_dict()
    names = [name for name in ours if "running" in name]
    assert len(names) > 10
    for name in names:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-12, atol=1e-14)


def test_they_can_be_left_and_the_weights_are_the_same():
    new, _ = trained()
    kept, _ = trained(keep_statistics=True)
    for name in new:
        if "num_batches" not in name:
            assert torch.equal(new[name], kept[name]) == ("running" not in name), name


def test_a_run_that_goes_on_has_the_same_ones(tmp_path):
    whole, _ = trained()
    trained(steps=4, folder=tmp_path)
    for _ in range(2):  # the second time there is nothing left to do
        again, _ = trained(folder=tmp_path)
        assert all(torch.equal(again[name], whole[name]) for name in whole)


def test_no_more_batches_are_taken_than_are_needed(monkeypatch):
    monkeypatch.setattr(averaging, "MOST_BATCHES", 3)
    state, _ = trained()
    assert state["norm.num_batches_tracked"] == 3


def test_a_layer_that_is_used_twice_in_a_loss_weighs_both_the_same():
    """A GAN's discriminator: data, what is generated, and a third pass that leaves no trace."""
    torch.manual_seed(0)
    model = GAN(data_shape=(1, 8, 8), noise_dim=4, channels=(4, 8), hidden=(), normalize="both").double()
    fit(model, IMAGES, weight_average=0.9, **OPTIONS)
    (layer,) = (layer for layer in model.trunk if isinstance(layer, nn.BatchNorm2d))
    assert layer.num_batches_tracked == 2 * 5
    means, noise = [], generator(OPTIONS["seed"])
    order, before = Batches(41, 8, noise), model.trunk[: list(model.trunk).index(layer)]
    model.train()
    with torch.no_grad():
        for _ in range(5):
            index = next(order)
            for images in (IMAGES[index].double(), model.generate(model.sample_latent(8, noise))):
                means.append(before(images).mean(dim=(0, 2, 3)))
    torch.testing.assert_close(layer.running_mean, torch.stack(means).mean(dim=0), rtol=1e-10, atol=1e-12)


def test_invertible_batch_normalization_averages_without_a_momentum():
    layer = InvertibleBatchNorm(3, momentum=None).double()
    batches = [torch.rand(4, 3, 2, 2, generator=generator(n), dtype=torch.float64) for n in range(5)]
    layer(torch.rand(4, 3, 2, 2, generator=generator(9), dtype=torch.float64))
    layer.reset_running_stats()
    assert layer.running_mean.eq(0).all() and layer.running_var.eq(1).all()
    for batch in batches:
        layer(batch)
    mean = torch.stack([batch.mean(dim=(0, 2, 3)) for batch in batches]).mean(dim=0)
    var = torch.stack([batch.var(dim=(0, 2, 3), correction=0) for batch in batches]).mean(dim=0)
    torch.testing.assert_close(layer.running_mean, mean, rtol=1e-12, atol=0)
    torch.testing.assert_close(layer.running_var, var, rtol=1e-12, atol=0)
    layer.eval()(batches[0])
    torch.testing.assert_close(layer.running_mean, mean, rtol=1e-12, atol=0)


@pytest.mark.parametrize("options", [{}, {"weight_average": 0.9}])
def test_a_model_without_them_is_evaluated_no_further(options):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.calls = nn.Parameter(torch.zeros(1)), 0

        def loss(self, batch, generator=None):
            self.calls += 1
            return {"loss": self.weight.sum()}

    model = Counting()
    fit(model, IMAGES, **OPTIONS | options)
    assert model.calls == 9
