"""Training of one model in several processes: ``torchrun --nproc-per-node 2 SCRIPT``; SCRIPT may be ``dgm-train``.

Each process takes its share of every batch, draws its own noise and dropout masks, and has the same weights as the
others, on one host or many, with gloo on CPUs and nccl on GPUs. Without torchrun there is one process, and none of this
applies.
"""

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dgm_helpers.runtime import generator


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: number of this process; process 0 prints and writes files.
        count: number of processes.
    """

    rank: int = 0
    count: int = 1

    def wrap(self, module: nn.Module) -> nn.Module:
        """Return the module with gradients averaged over the processes; its weights become those of process 0."""
        return module if self.count == 1 else DistributedDataParallel(module)

    def share(self, index: Tensor) -> Tensor:
        """Return this process's part of a batch."""
        return index if self.count == 1 else index.view(self.count, -1)[self.rank]

    def noise(self, seed: int, order: torch.Generator) -> torch.Generator:
        """Return the generator of the noise: that of the order if there is one process, else this process's own."""
        if self.count == 1:
            return order
        return generator(self._seed(seed, 1_000_003), order.device)

    @contextmanager
    def global_draws(self, seed: int, device: torch.device) -> Iterator[None]:
        """Give this process its own draws from torch's global generator, for dropout's masks.

        Otherwise all processes would draw the same, since they have the same seed. The generator's state is restored
        afterwards. If there is one process, nothing is changed.
        """
        if self.count == 1:
            yield
            return
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(self._seed(seed, 2_000_003))
            yield

    def _seed(self, seed: int, offset: int) -> int:
        """Return this process's own seed, modulo 2⁶⁴, as torch reads negative seeds."""
        return (seed * self.count + self.rank + offset) % 2**64

    def agree(self, terms: dict[str, Tensor], *flags: bool) -> tuple[Any, ...]:
        """Return the terms as numbers, averaged over the processes, and for each flag whether any process raises it.

        All of them take one transfer from the device.
        """
        values = torch.stack([value.detach() for value in terms.values()])
        values = torch.cat([values, torch.tensor(flags).to(values)])
        if self.count > 1:
            dist.all_reduce(values)
        numbers = (values / self.count).tolist()
        return dict(zip(terms, numbers, strict=False)), *(number > 0 for number in numbers[len(terms) :])

    def average(self, *tensors: Tensor) -> None:
        """Replace each tensor, in place, by its average over the processes."""
        for tensor in tensors if self.count > 1 else ():
            dist.all_reduce(tensor)
            tensor /= self.count

    def everywhere(self, question: Callable[[], bool]) -> tuple[bool, bool]:
        """Return whether the answer is yes in any process, and in all; asked when all processes have arrived."""
        if self.count == 1:
            return (answer := question()), answer
        dist.barrier()  # everything that a process did before, such as writing a file, is done
        answers = [False] * self.count
        dist.all_gather_object(answers, question())
        return any(answers), all(answers)

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes in process 0, and an empty list in the others."""
        if self.count == 1:
            return [value]
        values = [None] * self.count if self.rank == 0 else None
        dist.gather_object(value, values)
        return values or []


def start(device: torch.device) -> Processes:
    """Join the processes that torchrun started, once; each selects its own GPU before anything is put there."""
    if not (dist.is_available() and dist.is_torchelastic_launched()) or os.environ["WORLD_SIZE"] == "1":
        return Processes()
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Processes(dist.get_rank(), dist.get_world_size())
