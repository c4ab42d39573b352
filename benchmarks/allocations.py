"""Memory of a piece of work: the peak of its tensors, and the tensors that autograd keeps for the backward pass."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

MIB = 1 << 20


def peak_mib(run: Callable[[], object]) -> float:
    """Return the peak of memory that torch allocated and had not yet freed during ``run``, in MiB, on the CPU.

    Resident memory would also count torch itself and the memory that the allocator keeps.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    if not events:
        raise RuntimeError(f"the profiler of torch {torch.__version__} reported no allocations")
    total = highest = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        total += event.nbytes()
        highest = max(highest, total)
    return highest / MIB


def stored_bytes(forward: Callable[[], object], given: Iterable[Tensor]) -> int:
    """Return the bytes that autograd keeps after a forward pass, each storage once, without those of ``given``."""
    kept = {}
    before = {tensor.untyped_storage().data_ptr() for tensor in given}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in before:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = forward()
    del result  # until here it keeps the stored tensors alive
    return sum(storage.nbytes() for storage in kept.values())
