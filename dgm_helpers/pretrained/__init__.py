r"""Small trained models that come with the package, so that every widget works without training: ``load("gan_mnist")``.

To add one, train it with a command and store it here (a file stays below 1 MB, all of them below 10 MB)::

    dgm-train gated_pixelcnn --preset laptop --data mnist_10k --seed 0 --out runs/gated
    python -c "from dgm_helpers.pretrained import add; add('gated_pixelcnn', 'runs/gated/model.safetensors')"

and append to :data:`ENTRIES`, with the value that ``measure`` gives for the file *as stored*::

    Pretrained("gated_pixelcnn", "negative log-likelihood of the test split, nats per image", 81.2,
               mean_loss("mnist_10k", binarize)),

A model that needs more than ``dgm-train`` is made by a script of ``benchmarks/`` that calls :func:`add` with
``command=``, ``data=`` and ``seed=``. A test loads every entry, builds it again, and measures it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from dgm_helpers.data.sampling import binarize

FOLDER = Path(__file__).parent
COMPLETE = ("command", "data", "seed", "step")  # entries of a header that describe how the model was made


@dataclass(frozen=True)
class Pretrained:
    """A trained model, and the value of a metric that it reaches.

    Attributes:
        name: name of the file, without ``.safetensors``.
        metric: the metric in words, with its unit.
        value: the stored model's value of the metric.
        measure: function that computes the value from the loaded model, within seconds and with fixed seeds.
        tolerance: largest difference from ``value`` on another machine.
    """

    name: str
    metric: str
    value: float
    measure: Callable[[nn.Module], float]
    tolerance: float = 1e-2

    @property
    def path(self) -> Path:
        """Path of the file."""
        return FOLDER / f"{self.name}.safetensors"

    @property
    def header(self) -> dict[str, Any]:
        """The file's header: class, config, command, data, seed, step and more."""
        from dgm_helpers.training.checkpoints import read_header

        return read_header(self.path)


def load(name: str) -> nn.Module:
    """Return the trained model of that name, in evaluation mode, in float32, on the CPU.

    Raises:
        ValueError: if there is no such model.
    """
    from dgm_helpers.training.checkpoints import load_model

    return load_model(entry(name).path)


def entry(name: str) -> Pretrained:
    """Return the entry of a trained model.

    Raises:
        ValueError: if there is no model of that name.
    """
    for candidate in ENTRIES:
        if candidate.name == name:
            return candidate
    raise ValueError(
        f"name must be a trained model of this package, one of {', '.join(names())}; got {name!r}"
    )


def names() -> tuple[str, ...]:
    """Return the names that :func:`load` accepts."""
    return tuple(candidate.name for candidate in ENTRIES)


def add(name: str, path: str | Path, *, half: bool = True, **made: Any) -> Path:
    """Store the model of a file under ``name`` in the folder of this module, and return its path.

    Args:
        name: name to load it by.
        path: a file that ``save_model`` wrote, ``dgm-train``'s for example.
        half: whether to store it in float16, at half the size.
        made: entries on how the model was made that the file's header lacks: command, data, seed, step.

    Raises:
        ValueError: if one of these is still missing.
    """
    import torch

    from dgm_helpers.training.checkpoints import load_model, read_header, save_model

    known = {key: value for key, value in read_header(path).items() if key not in _REWRITTEN} | made
    if missing := [key for key in COMPLETE if known.get(key) is None]:
        raise ValueError(f"{path} does not say how it was made: pass {', '.join(missing)}")
    target = FOLDER / f"{name}.safetensors"
    save_model(load_model(path), target, storage=torch.float16 if half else None, **known)
    return target


_REWRITTEN = ("class", "config", "dtype", "torch")  # entries that save_model writes itself


def mean_loss(
    data: str, transform: Callable[..., Tensor] | None = None, *, images: int = 500, term: str = "loss"
) -> Callable[[nn.Module], float]:
    """Return a measure: the mean of a term of ``model.loss`` over the first test images of a data set.

    Args:
        data: name of the data set.
        transform: function of the images and a generator with seed 0, which also draws the loss's noise.
        images: number of images.
        term: name of the term in the dict that ``loss`` returns.
    """

    def measure(model: nn.Module) -> float:
        from dgm_helpers.data import load
        from dgm_helpers.training.evaluation import evaluate

        dataset = load(data)
        return evaluate(model, dataset.test[:images], dataset.test_labels[:images], transform=transform)[term]

    return measure


def sprites_score(score: str) -> Callable[[nn.Module], float]:
    """Return a measure: a disentanglement score on 32×32 sprites, from fewer points than in the papers.

    Args:
        score: name of the score, ``"z_diff"`` or ``"majority vote"``.
    """

    def measure(model: nn.Module) -> float:
        from dgm_helpers.data import Sprites
        from dgm_helpers.metrics import disentanglement
        from dgm_helpers.runtime import generator

        sprites = Sprites(size=32)
        codes = disentanglement.rendered_codes(sprites, lambda x: model.encode(x)[0])
        if score == "z_diff":
            return disentanglement.z_diff_score(
                sprites.factors, codes, train_points=600, test_points=600, pairs=16, generator=generator(0)
            )
        return disentanglement.majority_vote_score(
            sprites.factors, codes, train_votes=600, test_votes=600, samples=32, generator=generator(0)
        )

    return measure


ENTRIES: tuple[Pretrained, ...] = (
    Pretrained("pixelvae_mnist", "ELBO of 500 test images, nats per image", -90.98,
               mean_loss("mnist_10k", binarize, images=500, term="elbo")),
    # The same PixelVAE, small and with one layer of latents, with 0, 1 and 2 autoregressive layers in its decoder.
    Pretrained("pixelvae_0_layers", "KL of 500 test images to the prior, nats per image", 12.05,
               mean_loss("mnist_10k", binarize, images=500, term="kl")),
    Pretrained("pixelvae_1_layers", "KL of 500 test images to the prior, nats per image", 3.99,
               mean_loss("mnist_10k", binarize, images=500, term="kl")),
    Pretrained("pixelvae_2_layers", "KL of 500 test images to the prior, nats per image", 2.21,
               mean_loss("mnist_10k", binarize, images=500, term="kl")),
    Pretrained("gan_mnist", "loss of the discriminator on test images, nats", 0.986,
               mean_loss("mnist_10k", term="discriminator")),
    Pretrained("infogan_heads", "L_I of the continuous codes, nats", 7.543,
               mean_loss("heads", term="continuous_information"), tolerance=3e-2),
    Pretrained("infogan_mnist", "L_I of the categorical code, of log 10 = 2.303 nats", 2.272,
               mean_loss("mnist_10k", term="discrete_information")),
    Pretrained("beta_vae_sprites", "z_diff score on 600 points of 16 pairs; chance is 0.2", 0.76,
               sprites_score("z_diff"), tolerance=2e-2),
    Pretrained("factor_vae_sprites", "majority-vote score on 600 votes of 32 images; chance is 0.2", 0.682,
               sprites_score("majority vote"), tolerance=2e-2),
    Pretrained("gated_pixelcnn_mnist",
               "-log p(x|y) of 1,000 test images, binarized at random, nats per image (0.152 bits/dim)", 82.70,
               mean_loss("mnist_10k", binarize, images=1000)),
)  # fmt: skip
