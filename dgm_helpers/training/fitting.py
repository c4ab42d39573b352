"""Whether a preset, what is changed of it, and a data set go together, told before anything is written."""

import inspect
from typing import Any

import torch
from torch import nn

from dgm_helpers import data
from dgm_helpers.training import registry
from dgm_helpers.training.evaluation import takes_labels


def build(entry: registry.Entry, changes: dict[str, Any]) -> nn.Module:
    """The preset's model, some arguments changed.

    Raises:
        ValueError: if it does not take them, whatever its constructor made of them.
    """
    try:
        return entry.build(changes)
    except Exception as error:
        if not changes or (isinstance(error, ValueError) and error.__cause__ is None):
            raise  # it says itself what it does not take
        raise ValueError(f"{changed(entry, changes)} cannot be built: {reason_of(error)}") from error


def changed(entry: registry.Entry, changes: dict[str, Any]) -> str:
    """A model in words, with what was changed and what it was before."""
    before = {
        name: parameter.default
        for base in reversed(entry.kind.__mro__)
        for name, parameter in inspect.signature(base.__init__).parameters.items()
    } | entry.arguments
    listed = ", ".join(f"{key}={value!r} ({before[key]!r} unless set)" for key, value in changes.items())
    return f"{entry.name} with {listed}" if changes else entry.name


def reason_of(error: Exception) -> str:
    """What went wrong, in one line."""
    return str(error.__cause__ or error).partition("\n")[0]


def require_fitting(model: nn.Module, dataset: data.Dataset) -> None:
    """Refuse data of another size than the model's with a ValueError."""
    channels, height, width = dataset.train.shape[1:]
    config = {key: tuple(value) if isinstance(value, list) else value for key, value in model.config.items()}
    size = (height, width) if isinstance(config.get("image_size"), tuple) else height
    sizes = {
        "data_dim": channels * height * width, "data_shape": (channels, height, width),
        "image_size": size, "image_channels": channels,
    }  # fmt: skip
    wrong = {key: value for key, value in sizes.items() if config.get(key, value) != value}
    classes = 1 + int(torch.cat([dataset.train_labels, dataset.test_labels]).max())
    if takes_labels(model) and config["classes"] < classes:
        raise ValueError(
            f"{dataset.name} has {classes} classes, the model has classes {config['classes']}: "
            f"choose other data, or --set classes={classes}"
        )
    if height != width and isinstance(config.get("image_size"), int):
        raise ValueError(f"{dataset.name} has images of {height}×{width}; this model takes square ones")
    if wrong:
        has = ", ".join(f"{key} {config[key]}" for key in wrong)
        way_out = " ".join(f"--set {key}={str(value).replace(' ', '')}" for key, value in wrong.items())
        raise ValueError(
            f"{dataset.name} has images of {channels}×{height}×{width}, the model has {has}: "
            f"choose other data, or {way_out}"
        )


def require_statistics(model: nn.Module, images: int) -> None:
    """Refuse batches of one image with a ValueError, if the model normalizes over its batch."""
    batch_norm = torch.nn.modules.batchnorm._BatchNorm
    if images < 2 and any(isinstance(module, batch_norm) for module in model.modules()):
        raise ValueError(
            f"{type(model).__name__} has batch normalization, which needs two images or more in each process: "
            "give a larger --batch-size"
        )
