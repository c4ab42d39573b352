"""Model files: weights as safetensors, and a JSON header that describes how to build the model.

The header contains the class (``module:qualname``), the constructor's arguments, the dtype, the version of torch, and
the metadata passed to :func:`save_model`. Nothing in a file is executed: only classes of this package are built.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from dgm_helpers.models.configured import PACKAGE, build, describe


def save_model(
    model: nn.Module, path: str | Path, *, storage: torch.dtype | None = None, **metadata: Any
) -> None:
    """Write a model's weights, class and configuration to a file, which appears complete or not at all.

    Args:
        model: the model, of a class of this package, with the constructor's arguments in ``model.config``; these may
            include modules of such classes.
        path: the file, by convention ``NAME.safetensors``.
        storage: type in which floating-point weights are stored, for example ``torch.float16`` for half the size. They
            are loaded in the model's own type, so they are only rounded.
        metadata: further entries of the header that JSON can represent, such as step, metric, data, seed and command.

    Raises:
        ValueError: if the model cannot be built again from its configuration, or a weight is too large for ``storage``.
        TypeError: if JSON cannot represent a value of the configuration or the metadata.
    """
    tensors = {name: _stored(name, tensor, storage) for name, tensor in model.state_dict().items()}
    header = {
        **describe(model),
        "dtype": str(_dtype(model)).removeprefix("torch."),
        "torch": torch.__version__,
        **metadata,
    }
    write_whole(path, lambda part: save_file(tensors, part, {PACKAGE: json.dumps(header)}))


def load_model(path: str | Path, device: torch.device | str = "cpu") -> nn.Module:
    """Build the model that a file describes, fill in its weights, and return it in evaluation mode.

    The state of torch's random numbers is unchanged.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if the file is not such a model, its class is not of this package, or the weights no longer fit the
            class.
    """
    header = read_header(path)
    with torch.random.fork_rng(devices=[]):  # weights are initialized, then overwritten
        model = build(header, path).to(dtype=getattr(torch, header["dtype"]))
    try:
        model.load_state_dict(load_file(path))
    except RuntimeError as error:
        reason = str(error).partition("\n\t")[2].partition("\n")[0].rstrip(". ")
        raise ValueError(
            f"the weights in {path} no longer fit {header['class']} ({reason}): create the file again"
        ) from None
    return model.to(device).eval()


def read_header(path: str | Path) -> dict[str, Any]:
    """Return the header of a model's file, without reading the weights: class, config, dtype, torch, and the metadata.

    Raises:
        FileNotFoundError: if there is no file.
        ValueError: if the file is not such a model.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {})[PACKAGE])
        return {**header, "class": str(header["class"]), "dtype": str(header["dtype"])}
    except (SafetensorError, KeyError, json.JSONDecodeError, TypeError):
        raise ValueError(f"{path} does not contain a model written by {PACKAGE}") from None


def write_whole(path: str | Path, write: Any) -> None:
    """Write a file completely or not at all: ``write`` fills a file next to ``path``, which is then moved there.

    A killed process leaves the old file or the new one; the next write replaces a partial file next to it.

    Raises:
        OSError: if it cannot be written, with the reason, such as lack of space or permission. The old file stays.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.touch()
        mode = part.stat().st_mode
        write(part)
        part.chmod(mode)  # safetensors would let only the owner read it, whatever the umask
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise OSError(f"{path} cannot be written ({error.strerror or error})") from error
    except (RuntimeError, SafetensorError) as error:
        # Errors of torch and safetensors do not always say that the disk is full.
        full = shutil.disk_usage(path.parent).free < 2**20
        reason = "no space left on the disk" if full else str(error).partition("\n")[0]
        raise OSError(f"{path} cannot be written ({reason})") from error
    finally:
        part.unlink(missing_ok=True)


def _dtype(model: nn.Module) -> torch.dtype:
    floating = (tensor.dtype for tensor in model.state_dict().values() if tensor.is_floating_point())
    return next(floating, torch.float32)


def _stored(name: str, tensor: Tensor, storage: torch.dtype | None) -> Tensor:
    """Return a copy that shares no memory with another tensor, as the format requires."""
    tensor = tensor.detach().cpu()
    if storage is None or not tensor.is_floating_point():
        return tensor.clone(memory_format=torch.contiguous_format)
    if tensor.isfinite().all() and not tensor.to(storage).isfinite().all():
        raise ValueError(f"{name} must fit in {storage}, got values up to {tensor.abs().max():.4g}")
    return tensor.to(storage, copy=True).contiguous()
