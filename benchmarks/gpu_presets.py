"""The first part of `gpu.py`: step time, memory, share of the bf16 peak and samples per second of each paper preset."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from dgm_helpers.runtime import generator, seed_everything
from dgm_helpers.training import optimizers, registry
from dgm_helpers.training.evaluation import takes_labels

GIB = 1 << 30
PAPERS = ("paper", "released", "large")  # the presets for GPUs
SHAPES = {"mnist_10k": (1, 28, 28), "cifar10": (3, 32, 32), "cifar100": (3, 32, 32), "digits": (1, 8, 8),
          "imagenet": (3, 224, 224)}  # fmt: skip


def measure_presets(device: torch.device, *, only: Sequence[str] | None, dry_run: bool) -> dict[str, object]:
    """Return the measured peak in TFLOP/s, and one row per preset; a preset that fails has the reason in its row."""
    peak = matrix_tflops(device, 256 if dry_run else 8192)
    wanted = [
        entry
        for entry in registry.entries()
        if entry.preset.startswith("laptop" if dry_run else PAPERS) and (not only or entry.name in only)
    ]
    rows = []
    for entry in wanted:
        row = {"model": entry.name, "preset": entry.preset}
        try:
            row |= measure(entry, device, peak, dry_run=dry_run)
        except (
            RuntimeError,
            ValueError,
            KeyError,
        ) as error:  # out of memory, most likely: measure the others
            row["error"] = str(error).partition("\n")[0]
        rows.append(row)
        outcome = row["error"] if "error" in row else f"{row['step_ms'][1]:.3g} ms per step"
        print(f"{entry.name}, {entry.preset}: {outcome}", flush=True)
    return {"peak_tflops": peak, "presets": rows}


def measure(entry: registry.Entry, device: torch.device, peak: float, *, dry_run: bool) -> dict[str, object]:
    """Return a preset's row."""
    seed_everything(0)
    model = entry.build().to(device)
    batch = 8 if dry_run else entry.training.batch_size
    x, condition = random_batch(entry, model, batch, device)
    step = training_step(entry, model, x, condition, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    step()
    with FlopCounter() as counter:
        step()
    seconds = timed(step, device, 2 if dry_run else 20)
    memory = torch.cuda.max_memory_allocated() / GIB if device.type == "cuda" else None
    low, middle, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "batch": batch,
        "step_ms": [1000 * low, 1000 * middle, 1000 * high],
        "memory_gib": memory,
        "gflop_per_step": counter.total / 1e9,
        "share_of_peak": counter.total / middle / (peak * 1e12),
        "samples_per_second": samples_per_second(model, condition, device, 2 if dry_run else 16),
    }


class FlopCounter(TorchDispatchMode):
    """Counter of the floating-point operations of matrix products, convolutions and attention.

    It includes backward passes written by hand. PyTorch's own counter tracks modules by hooks that fail if a gradient
    is computed within a backward pass, as reversible networks do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Call an operation and count it."""
        result = function(*args, **(kwargs or {}))
        count = flop_registry.get(function.overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def random_batch(
    entry: registry.Entry, model: nn.Module, batch: int, device: torch.device
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return random levels in the model's shape, transformed as in training, and labels if the model takes any."""
    draws, config = generator(0, device), model.config
    if "data_dim" in config:
        shape = (config["data_dim"],)
    elif "data_shape" in config:
        shape = tuple(config["data_shape"])
    elif "image_size" in config:
        shape = (config.get("image_channels", 1), config["image_size"], config["image_size"])
    else:  # a classifier takes its data set's shape
        shape = SHAPES[entry.training.data]
    levels = config.get("levels") or 256
    x = torch.randint(levels, (batch, *shape), generator=draws, device=device) / (levels - 1)
    if entry.training.transform is not None:
        x = entry.training.transform(x, draws)
    if not takes_labels(model):
        return x, {}
    return x, {"label": torch.randint(config["classes"], (batch,), generator=draws, device=device)}


def training_step(
    entry: registry.Entry, model: nn.Module, x: Tensor, condition: dict[str, Tensor], device: torch.device
) -> Callable[[], None]:
    """Return a function that makes one update in bf16 autocast, as `fit` does on a GPU."""
    optimizer = optimizers.build(model, entry.training.learning_rate, entry.training.optimizer)
    noise = generator(1, device)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16):
            loss = model.loss(x, **condition, generator=noise)["loss"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    model.train()
    return step


def samples_per_second(
    model: nn.Module, condition: dict[str, Tensor], device: torch.device, n: int
) -> float | None:
    """Return images drawn per second, ``n`` together; None for a model that draws none."""
    if not hasattr(model, "sample"):
        return None
    model.eval()
    label = {"label": condition["label"][:1].expand(n)} if condition else {}
    draws = generator(2, device)
    (seconds,) = timed(lambda: model.sample(n, **label, generator=draws), device, 1)
    return n / seconds


def matrix_tflops(device: torch.device, size: int) -> float:
    """Return the rate of a product of two random bf16 matrices in TFLOP/s, the median of ten."""
    a, b = torch.randn(2, size, size, device=device).bfloat16()
    torch.mm(a, b)
    return 2 * size**3 / statistics.median(timed(lambda: torch.mm(a, b), device, 10)) / 1e12


def timed(run: Callable[[], object], device: torch.device, repeats: int) -> list[float]:
    """Return the seconds of each run, including the device's work."""
    seconds = []
    for _ in range(repeats):
        synchronize(device)
        began = perf_counter()
        run()
        synchronize(device)
        seconds.append(perf_counter() - began)
    assert all(math.isfinite(value) for value in seconds)
    return seconds


def synchronize(device: torch.device) -> None:
    """Wait for the GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize()
