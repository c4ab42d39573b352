"""Checks, before anything is written, that a preset, its changed arguments and a data set fit together."""

import inspect
from typing import Any

import torch
from torch import nn

from dgm_helpers import data
from dgm_helpers.training import registry
from dgm_helpers.training.evaluation import takes_labels


def build(entry: registry.Entry, changes: dict[str, Any]) -> nn.Module:
    """Build the preset's model, with some arguments changed.

    Raises:
        ValueError: if it does not take the changed arguments, whatever exception its constructor raised.
    """
    try:
        return entry.build(changes)
    except Exception as error:
        if not changes or (isinstance(error, ValueError) and error.__cause__ is None):
            raise  # its message already names the argument
        raise ValueError(f"{changed(entry, changes)} cannot be built: {reason_of(error)}") from error


def changed(entry: registry.Entry, changes: dict[str, Any]) -> str:
    """Return the model's name with the changed arguments, their values and the preset's or default values."""
    before = {
        name: parameter.default
        for base in reversed(entry.kind.__mro__)
        for name, parameter in inspect.signature(base.__init__).parameters.items()
    } | entry.arguments
    listed = ", ".join(f"{key}={value!r} instead of {before[key]!r}" for key, value in changes.items())
    return f"{entry.name} with {listed}" if changes else entry.name


def reason_of(error: Exception) -> str:
    """Return the message of an error, or of its cause, in one line."""
    return str(error.__cause__ or error).partition("\n")[0]


def require_fitting(model: nn.Module, dataset: data.Dataset) -> None:
    """Refuse data with a different size from the model's, or with more classes, with a ValueError."""
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
            f"{dataset.name} has {classes} classes, but the model has classes {config['classes']}: "
            f"choose other data, or --set classes={classes}"
        )
    if height != width and isinstance(config.get("image_size"), int):
        raise ValueError(
            f"this model needs square images, got {dataset.name} with images of {height}×{width}"
        )
    if wrong:
        has = ", ".join(f"{key} {config[key]}" for key in wrong)
        fix = " ".join(f"--set {key}={str(value).replace(' ', '')}" for key, value in wrong.items())
        raise ValueError(
            f"{dataset.name} has images of {channels}×{height}×{width}, but the model has {has}: "
            f"choose other data, or {fix}"
        )


def require_statistics(model: nn.Module, images: int) -> None:
    """Refuse batches of one image with a ValueError, if the model normalizes over its batch."""
    batch_norm = torch.nn.modules.batchnorm._BatchNorm
    if images < 2 and any(isinstance(module, batch_norm) for module in model.modules()):
        raise ValueError(
            f"{type(model).__name__} has batch normalization, which needs at least 2 images in each process, "
            f"got {images}: use a larger --batch-size"
        )
