"""Several processes that train one model: ``torchrun --nproc-per-node 2 SCRIPT``, for which ``dgm-train`` may stand.

Each takes its share of every batch, draws its own noise and its own dropout, and keeps the same weights as the others;
on one or many hosts, with gloo on CPUs and nccl on GPUs. Without torchrun there is one process, and nothing of this
comes into play.
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
        rank: its number; process 0 prints and writes files.
        count: how many there are.
    """

    rank: int = 0
    count: int = 1

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over the processes; its weights become those of process 0."""
        return module if self.count == 1 else DistributedDataParallel(module)

    def share(self, index: Tensor) -> Tensor:
        """The part of a batch that is this process's."""
        return index if self.count == 1 else index.view(self.count, -1)[self.rank]

    def noise(self, seed: int, order: torch.Generator) -> torch.Generator:
        """What draws the noise: the generator of the order where there is one process, else one of its own."""
        if self.count == 1:
            return order
        return generator(self._seed(seed, 1_000_003), order.device)

    @contextmanager
    def global_draws(self, seed: int, device: torch.device) -> Iterator[None]:
        """Let this process draw from torch's global generator what no other does, as dropout's masks.

        Otherwise all would draw the same, since all were seeded alike. Afterwards the generator is as it was before.
        Nothing is changed where there is one process.
        """
        if self.count == 1:
            yield
            return
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(self._seed(seed, 2_000_003))
            yield

    def _seed(self, seed: int, of: int) -> int:
        """A seed of this process's own; negative ones stand for those that torch takes them for."""
        return (seed * self.count + self.rank + of) % 2**64

    def agree(self, terms: dict[str, Tensor], *flags: bool) -> tuple[Any, ...]:
        """The terms as numbers, averaged over the processes, and for each flag whether one of them raises it.

        One transfer from the device for all.
        """
        values = torch.stack([value.detach() for value in terms.values()])
        values = torch.cat([values, torch.tensor(flags).to(values)])
        if self.count > 1:
            dist.all_reduce(values)
        numbers = (values / self.count).tolist()
        return dict(zip(terms, numbers, strict=False)), *(number > 0 for number in numbers[len(terms) :])

    def average(self, *tensors: Tensor) -> None:
        """Give each tensor, in place, its average over the processes."""
        for tensor in tensors if self.count > 1 else ():
            dist.all_reduce(tensor)
            tensor /= self.count

    def everywhere(self, question: Callable[[], bool]) -> tuple[bool, bool]:
        """Whether the answer is yes in one of the processes and in all of them, asked when all have come here."""
        if self.count == 1:
            return (answer := question()), answer
        dist.barrier()  # what one process did before, as writing a file, is done
        answers = [False] * self.count
        dist.all_gather_object(answers, question())
        return any(answers), all(answers)

    def gather(self, value: Any) -> list[Any]:
        """In process 0 the values of all, in the others nothing."""
        if self.count == 1:
            return [value]
        values = [None] * self.count if self.rank == 0 else None
        dist.gather_object(value, values)
        return values or []


def start(device: torch.device) -> Processes:
    """Join the processes that torchrun started, once; on GPUs each takes its own, before anything is put there."""
    if not (dist.is_available() and dist.is_torchelastic_launched()) or os.environ["WORLD_SIZE"] == "1":
        return Processes()
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)
    return Processes(dist.get_rank(), dist.get_world_size())
