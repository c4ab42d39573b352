"""How much memory the tensors of a piece of work take at its height, beside what stood there before."""

from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

MIB = 1 << 20


def peak_mib(run: Callable[[], object]) -> float:
    """The highest sum of what torch has allocated and not yet freed since the beginning, in MiB, on the CPU.

    Resident memory would count what the allocator keeps and torch itself.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    if not events:
        raise RuntimeError(f"the profiler of torch {torch.__version__} told of no allocations")
    total = highest = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        total += event.nbytes()
        highest = max(highest, total)
    return highest / MIB
