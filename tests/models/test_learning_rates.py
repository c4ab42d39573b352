"""The papers' schedules against the tables of the papers, and the presets against what the papers trained with."""

import math

import pytest
from torch import nn

from dgm_helpers.models import learning_rates
from dgm_helpers.models.learning_rates import IWAE_STAGES
from dgm_helpers.models.real_nvp import RealNVP
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.training import optimizers, registry

# Burda et al. (2016), section 5: stage i, i = 0 … 7, has 3^i passes at 0.001 · 10^(-i/7); figures by hand.
IWAE = [
    (0, 1, 1e-3), (1, 4, 7.19685673e-4), (4, 13, 5.17947468e-4), (13, 40, 3.72759372e-4), (40, 121, 2.68269580e-4),
    (121, 364, 1.93069773e-4), (364, 1093, 1.38949549e-4), (1093, 3280, 1e-4),
]  # fmt: skip


def test_iwae_has_the_stages_of_the_paper():
    for first, end, rate in IWAE:
        for passes in (first, (first + end) / 2, math.nextafter(end, 0)):
            assert 1e-3 * learning_rates.iwae(0, passes) == pytest.approx(rate, rel=1e-8)
    assert sum(passes for passes, _ in IWAE_STAGES) == 3280
    assert learning_rates.iwae(0, 3280) == learning_rates.iwae(0, 1e6) == pytest.approx(0.1)
    # 60,000 images in batches of 20: the first stage is 3,000 steps, and passes are whole where they should be.
    assert learning_rates.iwae(2999, 2999 / 3000) == 1 > learning_rates.iwae(3000, 3000 / 3000)
    assert registry.find("iwae", "paper").training.steps == 3280 * 3000


def test_pixelcnn_pp_and_pixelsnail_shrink_before_each_step():
    for schedule, factor in ((learning_rates.pixelcnn_pp, 0.999995), (learning_rates.pixelsnail, 0.999998)):
        rate = 1e-3
        for step in range(1000):
            rate *= factor  # as their loops do
            assert 1e-3 * schedule(step, 0.0) == pytest.approx(rate, rel=1e-12)


def test_reversible_networks_drop_where_the_papers_do():
    steps = (0, 39_999, 40_000, 59_999, 60_000, 80_000)
    rates = [0.1 * learning_rates.revnet(step, 0.0) for step in steps]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rel=1e-12)
    # The released code counts epochs from 1: number 61 is the first with a fifth.
    for epoch in range(1, 201):
        factor = 0.2 ** (3 if epoch > 160 else 2 if epoch > 120 else 1 if epoch > 60 else 0)
        for passes in (epoch - 1, epoch - 0.5):
            assert learning_rates.i_revnet(0, passes) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "preset", "learning_rate", "optimizer", "schedule"),
    [
        ("iwae", "paper", 1e-3, None, "iwae"),
        ("pixelcnn_pp", "paper", 1e-3, "Adam(betas=(0.95, 0.9995))", "pixelcnn_pp"),
        ("pixelsnail", "paper", 1e-3, "Adam(betas=(0.95, 0.9995))", "pixelsnail"),
        ("revnet", "paper_164", 0.1, "SGD(momentum=0.9, weight_decay=0.0002)", "revnet"),
        ("i_revnet", "paper", 0.1, "SGD(momentum=0.9, weight_decay=0.0005)", "i_revnet"),
        ("nice", "paper", 1e-3, "Adam(betas=(0.9, 0.99), eps=0.0001)", None),
        ("real_nvp", "paper", 1e-3, None, None),
        ("pixelcnn", "paper", 1e-4, "RMSprop", None),
        ("vae", "paper", 0.02, "Adagrad", None),
        ("beta_vae", "higgins", 1e-2, "Adagrad", None),
        ("vlae", "paper", 2e-3, "Adamax", None),
    ],
)
def test_paper_presets_are_trained_as_the_papers_say(name, preset, learning_rate, optimizer, schedule):
    training = registry.find(name, preset).training
    assert training.learning_rate == learning_rate
    assert (optimizers.name_of(training.optimizer), optimizers.name_of(training.schedule)) == (
        optimizer,
        schedule,
    )


def decaying(model):
    """Names of the parameters whose group has a weight decay, and the decays."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [group for group in model.parameter_groups(1e-3) if group.get("weight_decay")]
    return {names[id(p)] for group in groups for p in group["params"]}, {
        group["weight_decay"] for group in groups
    }


def test_real_nvp_s_scales_decay_and_nothing_else():
    model = RealNVP(image_channels=1, image_size=4, features=2, residual_blocks=1, scales=2)
    names, decays = decaying(model)
    # d/dg of 5e-5 g² is 1e-4 g, which is what torch's weight decay of 1e-4 adds to the gradient.
    assert decays == {1e-4}
    norms = [m for m in model.modules() if nn.utils.parametrize.is_parametrized(m)]
    assert len([name for name in names if "original0" in name]) == len(norms) > 10
    couplings = 3 + 3 + 4
    assert len(names) == len(norms) + couplings
    assert not any(name.endswith(("original1", "bias")) for name in names)


def test_revnet_s_biases_and_normalizations_do_not_decay():
    model = RevNet(image_channels=1, units=(1, 1), channels=(4, 4, 8), strides=(1, 2))
    weights, others = model.parameter_groups(0.1)
    convolutions = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert {id(p) for p in weights["params"]} == {
        id(p) for p in convolutions
    } and "weight_decay" not in weights
    assert len(others["params"]) + len(convolutions) == len(list(model.parameters()))
    assert others["weight_decay"] == 0


def test_drops_of_imagenet_and_the_straight_line_of_improved_gan():
    steps = (0, 159_999, 160_000, 320_000, 480_000, 599_999)
    rates = [0.1 * learning_rates.i_revnet_imagenet(step, 0.0) for step in steps]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 1e-3, 1e-4, 1e-4])
    assert [learning_rates.pixelvae_imagenet(step, 0.0) for step in (0, 179_999, 180_000)] == [1, 1, 0.5]
    line = [learning_rates.improved_gan(0, passes) for passes in (0, 800, 1000, 1000.9, 1200, 1300)]
    assert line == pytest.approx([1, 1, 0.5, 0.5, 0, 0])
