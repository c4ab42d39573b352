"""Seeds, devices and evaluation mode: the one place where a notebook or a script fixes its randomness."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

DEFAULT_SEED = 0


def set_up(seed: int = DEFAULT_SEED) -> torch.device:
    """Fix every seed, apply the course's plot style and choose the device to compute on.

    This is the first call of each notebook. It prints one line, which students can quote when they ask for help.

    Args:
        seed: the seed of Python's, numpy's and torch's global generators.

    Returns:
        The device chosen by :func:`choose_device`.
    """
    from dgm_helpers import style  # here, because it imports matplotlib

    seed_everything(seed)
    style.use_style()
    device = choose_device()
    print(f"seed {seed}, computing on {device.type}")
    return device


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, numpy and torch (every device)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def choose_device(wanted: str | None = None) -> torch.device:
    """Return the device to compute on: a CUDA GPU if one is available, else the CPU.

    ``wanted``, or else the environment variable ``DGM_DEVICE``, overrides the choice. Apple's ``mps`` is used
    only on request, because it has no float64, which the exact checks need.

    Raises:
        ValueError: if this torch does not know the device or cannot use it.
    """
    name, remedy = "device", "choose 'cpu'"
    if not wanted:
        wanted = os.environ.get("DGM_DEVICE")
        name, remedy = "DGM_DEVICE", "unset it, or set it to 'cpu'"
    if not wanted:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]  # torch appends its own stack to the first line
        raise ValueError(
            f"{name} must be a device that torch can use here, got {wanted!r}: {remedy} ({reason})"
        ) from None
    return device


def generator(seed: int = DEFAULT_SEED, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a new random generator with this seed: the same numbers on every machine's CPU."""
    return torch.Generator(device=device).manual_seed(seed)


def drawing_device(
    generator: torch.Generator | None, otherwise: torch.device | None = None
) -> torch.device | None:
    """Return the device to draw random numbers on: the generator's, or ``otherwise`` if there is no generator."""
    return otherwise if generator is None else generator.device


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Put ``module`` and all its parts into evaluation mode for the block, then restore the mode of each part.

    Samples and reconstructions must neither use dropout nor update running statistics, even while the model is being
    trained. The modes are also restored after an error.
    """
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
