"""Paper presets have the sizes of the papers' networks: parameters, counted by hand or as the paper states them.

The counts are sums over the layers that a paper or its released code lists, in plain numbers; nothing of the models is
used for them. Where a model departs from its paper, as its file says, the count is that of the network with the
departure.
"""

import importlib
import pkgutil

import pytest
import torch
from counted_autoregressive import AUTOREGRESSIVE
from counted_layers import conv, dense, norm, normed

from dgm_helpers import models
from dgm_helpers.models.bernoulli_vae import BernoulliVAE
from dgm_helpers.models.beta_vae import BetaVAE
from dgm_helpers.models.factor_vae import FactorVAE
from dgm_helpers.models.gan import GAN
from dgm_helpers.models.hierarchical_vae import HierarchicalVAE
from dgm_helpers.models.i_revnet import IRevNet
from dgm_helpers.models.iaf import IAFVAE
from dgm_helpers.models.improved_gan import ImprovedGAN
from dgm_helpers.models.infogan import InfoGAN
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.models.nice import NICE
from dgm_helpers.models.real_nvp import RealNVP
from dgm_helpers.models.revnet import RevNet
from dgm_helpers.models.vae import VAE
from dgm_helpers.models.vlae import VLAE

# Kingma and Welling: 784-500-20 and back. Mnih and Gregor: 200 units, one layer each way.
VAES = {
    ("vae", "paper"): (VAE, dense(784, 500, 40) + dense(20, 500, 784)),
    ("bernoulli_vae", "paper"): (BernoulliVAE, dense(784, 200) + dense(200, 784)),
}

# Burda et al.: a mean and a scale for each latent; the decoder mirrors the encoder.
ONE_LAYER = dense(784, 200, 200, 100) + dense(50, 200, 200, 784)
TWO_LAYERS = (
    dense(784, 200, 200, 200)
    + dense(100, 100, 100, 100)
    + dense(50, 100, 100, 200)
    + dense(100, 200, 200, 784)
)
IWAES = {
    ("iwae", "paper"): (IWAE, ONE_LAYER),
    ("iwae", "paper_vae"): (IWAE, ONE_LAYER),
    ("iwae", "paper_two_layers"): (IWAE, TWO_LAYERS),
}

# Latents 64-32-16-8-4, perceptrons of two layers of 512, 256, 128, 64 and 32 units, up and down.
LADDER = (
    dense(784, 512, 512, 2 * 64) + dense(64, 256, 256, 2 * 32) + dense(32, 128, 128, 2 * 16)
    + dense(16, 64, 64, 2 * 8) + dense(8, 32, 32, 2 * 4)
    + dense(4, 32, 32, 2 * 8) + dense(8, 64, 64, 2 * 16) + dense(16, 128, 128, 2 * 32)
    + dense(32, 256, 256, 2 * 64) + dense(64, 512, 512, 784)
)  # fmt: skip
HIERARCHICAL = {("hierarchical_vae", "large"): (HierarchicalVAE, LADDER)}

# Burgess et al., A.1: 64 → 32 → 16 → 8 → 4 pixels a side. Higgins et al., A.1. Kim and Mnih, A: maps 32, 32, 64, 64.
BURGESS = (
    conv(16, 1, 32) + 3 * conv(16, 32, 32) + dense(32 * 4 * 4, 256, 256, 20)
    + dense(10, 256, 256, 32 * 4 * 4) + 3 * conv(16, 32, 32) + conv(16, 32, 1)
)  # fmt: skip
KIM = (
    conv(16, 1, 32) + conv(16, 32, 32) + conv(16, 32, 64) + conv(16, 64, 64) + dense(64 * 4 * 4, 128, 20)
    + dense(10, 128, 64 * 4 * 4) + conv(16, 64, 64) + conv(16, 64, 32) + conv(16, 32, 32) + conv(16, 32, 1)
    + dense(10, 1000, 1000, 1000, 1000, 1000, 1000, 2)
)  # fmt: skip
DISENTANGLING = {
    ("beta_vae", "paper"): (BetaVAE, BURGESS),
    ("beta_vae", "higgins"): (BetaVAE, dense(4096, 1200, 1200, 20) + dense(10, 1200, 1200, 1200, 4096)),
    ("factor_vae", "paper"): (FactorVAE, KIM),
}

# Radford et al., figure 1: 1,024 maps of 4 × 4, halved at each of three doublings of the side; D mirrors it.
DCGAN_UP, DCGAN_DOWN = ((1024, 512), (512, 256), (256, 128)), ((128, 256), (256, 512), (512, 1024))
DCGAN = (
    dense(100, 16 * 1024) + norm(16 * 1024) + sum(conv(16, *maps) + norm(maps[1]) for maps in DCGAN_UP)
    + conv(16, 128, 3)
    + conv(16, 3, 128) + sum(conv(16, *maps) + norm(maps[1]) for maps in DCGAN_DOWN) + dense(16 * 1024, 1)
)  # fmt: skip
# Salimans et al.: 512 maps of 4 × 4, noise of 100; 100 kernels of 5 numbers, without biases.
IMPROVED = (
    dense(100, 16 * 512) + norm(16 * 512) + conv(16, 512, 256) + norm(256) + conv(16, 256, 128) + norm(128)
    + conv(16, 128, 3)
    + conv(16, 3, 128) + conv(16, 128, 256) + norm(256) + conv(16, 256, 512) + norm(512)
    + 16 * 512 * 100 * 5 + dense(16 * 512 + 100, 1)
)  # fmt: skip
# Chen et al., table 1: Q has ten logits, two means and two scales.
INFOGAN_MNIST = (
    dense(74, 1024) + norm(1024) + dense(1024, 7 * 7 * 128) + norm(7 * 7 * 128) + conv(16, 128, 64) + norm(64)
    + conv(16, 64, 1)
    + conv(16, 1, 64) + conv(16, 64, 128) + norm(128) + dense(7 * 7 * 128, 1024) + norm(1024)
    + dense(1024, 1) + dense(1024, 128) + norm(128) + dense(128, 10 + 2 * 2)
)  # fmt: skip


def infogan_in_color(latent: int, codes: int) -> int:
    """32 × 32 pixels, maps 64, 128, 256 and their mirror image."""
    generator = dense(latent, 16 * 256) + norm(16 * 256) + conv(16, 256, 128) + norm(128)
    generator += conv(16, 128, 64) + norm(64) + conv(16, 64, 3)
    trunk = conv(16, 3, 64) + conv(16, 64, 128) + norm(128) + conv(16, 128, 256) + norm(256)
    return generator + trunk + dense(16 * 256, 1) + dense(16 * 256, 128) + norm(128) + dense(128, codes)


GANS = {
    ("gan", "paper"): (GAN, DCGAN),
    ("improved_gan", "paper"): (ImprovedGAN, IMPROVED),
    ("infogan", "paper"): (InfoGAN, INFOGAN_MNIST),
    ("infogan", "paper_svhn"): (InfoGAN, infogan_in_color(4 * 10 + 4 + 124, 4 * 10 + 2 * 4)),
    ("infogan", "paper_celeba"): (InfoGAN, infogan_in_color(10 * 10 + 128, 10 * 10)),
}

# Kingma et al.: 8 MADEs of 1,920 units for 32 latents, shift and scale; a context of 450, without biases.
IAF = dense(784, 450, 2 * 32 + 450) + dense(32, 450, 784) + 8 * (dense(32, 1920, 2 * 32) + 450 * 1920)
# Chen et al.: 4 MADEs of 3 layers for 64 latents, 6 masked layers of 12 filters that z enters.
LOSSY = (
    conv(16, 1, 16) + conv(16, 16, 32) + dense(7 * 7 * 32, 2 * 64)
    + dense(64, 7 * 7 * 32) + conv(16, 32, 16) + conv(16, 16, 16) + conv(1, 16, 6 * 12)
    + conv(6, 1, 12) + 5 * conv(6, 12, 12) + conv(1, 12, 12) + conv(1, 12, 1)
    + 4 * dense(64, 640, 640, 2 * 64)
)  # fmt: skip


def real_nvp_coupling(channels: int, features: int) -> int:
    """A residual network of 8 blocks for s and t of so many channels, and the learned scale of s."""
    blocks = 8 * 2 * (normed(9, features, features) + norm(features))
    ends = normed(9, channels, features) + norm(features) + normed(1, features, 2 * channels)
    return blocks + ends + channels


FLOWS = {
    ("nice", "paper"): (NICE, 4 * dense(392, 1000, 1000, 1000, 1000, 1000, 392) + 784),
    # Three couplings of 3 channels; squeezed to 12, of which 6 are kept, three; the 6 that stay, four.
    ("real_nvp", "paper"): (RealNVP, 3 * real_nvp_coupling(3, 64) + 7 * real_nvp_coupling(6, 128)),
    ("iaf", "paper"): (IAFVAE, IAF),
    ("vlae", "paper"): (VLAE, LOSSY),
}


def i_revnet(
    blocks: list[int], strides: list[int], channels: list[int], kernels: list[int], classes: int
) -> int:
    """Bottlenecks without biases, batch normalization before each convolution but the very first."""
    first, second, third = (size**2 for size in kernels)
    total, entering = -norm(channels[0] // strides[0] ** 2), 0
    for depth, stride, width in zip(blocks, strides, channels, strict=True):
        for block in range(depth):
            entering, middle = (width // stride**2 if block == 0 else width), width // 4
            total += norm(entering) + first * entering * middle
            total += norm(middle) + second * middle**2 + norm(middle) + third * middle * width
    return total + norm(2 * channels[-1]) + dense(2 * channels[-1], classes)


IMAGENET = [6, 16, 72, 6], [2, 2, 2, 2], [24, 96, 384, 1536]
REVERSIBLE = {
    ("i_revnet", "paper"): (
        IRevNet,
        i_revnet([18, 18, 18], [1, 2, 2], [16, 64, 256], [3, 3, 3], 10),
    ),
    ("i_revnet", "paper_imagenet"): (IRevNet, i_revnet(*IMAGENET, [1, 3, 1], 1000)),
    ("i_revnet", "released_imagenet"): (IRevNet, i_revnet(*IMAGENET, [3, 3, 3], 1000)),
}

COUNTED = VAES | IWAES | HIERARCHICAL | DISENTANGLING | GANS | AUTOREGRESSIVE | FLOWS | REVERSIBLE
# In millions, as printed: Gomez et al., table 2, for CIFAR-10; Jacobsen et al., table 1, and what a user of their
# released code counted there.
STATED = {
    ("revnet", "paper"): (RevNet, "0.46"),
    ("revnet", "paper_110"): (RevNet, "1.73"),
    ("revnet", "paper_164"): (RevNet, "1.75"),
    ("i_revnet", "paper_imagenet"): (IRevNet, "29"),
    ("i_revnet", "released_imagenet"): (IRevNet, "125.12"),
}
ON_THE_CPU = {"nice", "real_nvp"}  # their masks are counted when they are built, which needs numbers


def presets(name: str) -> dict[str, dict]:
    return getattr(importlib.import_module(f"dgm_helpers.models.{name}"), "PRESETS", {})


def parameters(name: str, preset: str, kind: type[torch.nn.Module]) -> int:
    with torch.device("cpu" if name in ON_THE_CPU else "meta"):
        model = kind(**presets(name)[preset])
    return sum(parameter.numel() for parameter in model.parameters())


def test_every_preset_of_a_paper_is_counted():
    files = [module.name for module in pkgutil.iter_modules(models.__path__)]
    ours = ("laptop", "conditional", "without_information", "heads")
    papers = {(name, preset) for name in files for preset in presets(name) if not preset.startswith(ours)}
    assert papers == set(COUNTED) | set(STATED)


@pytest.mark.parametrize(("name", "preset"), COUNTED)
def test_the_papers_layers_add_up_to_the_presets_parameters(name, preset):
    kind, expected = COUNTED[name, preset]
    assert parameters(name, preset, kind) == expected


@pytest.mark.parametrize(("name", "preset"), STATED)
def test_a_preset_has_as_many_parameters_as_the_paper_says(name, preset):
    kind, millions = STATED[name, preset]
    digits = len(millions.partition(".")[2])
    assert f"{parameters(name, preset, kind) / 1e6:.{digits}f}" == millions
