"""The training loop, in plain torch, for every model whose ``loss(batch)`` returns a dict of named terms."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from time import monotonic

import torch
from torch import Tensor, nn

from dgm_helpers.kernels.memory import keep_freed_memory
from dgm_helpers.models.protocol import HasConfig
from dgm_helpers.runtime import DEFAULT_SEED
from dgm_helpers.training import batch_norm, distributed, optimizers
from dgm_helpers.training.buffers import Buffers
from dgm_helpers.training.claim import claimed
from dgm_helpers.training.examples import Examples
from dgm_helpers.training.history import History
from dgm_helpers.training.progress import progress_line
from dgm_helpers.training.state import State, has_checkpoint
from dgm_helpers.training.terms import headline


def fit(
    model: nn.Module,
    x: Tensor,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    optimizer: optimizers.MakeOptimizer | None = None,
    schedule: Callable[[int, float], float] | None = None,
    initialize: int | None = None,
    seed: int = DEFAULT_SEED,
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    labels: Tensor | None = None,
    log_every: int = 50,
    weight_average: float | None = None,
    keep_statistics: bool = False,
    bf16: bool | None = None,
    compile: bool = False,
    folder: str | Path | None = None,
    checkpoint_every: int = 500,
    lines: bool = False,
) -> History:
    """Minimise ``model.loss(batch, generator)["loss"]``, and log every term.

    Batches come from memory without replacement within an epoch, in an order fixed by ``seed``; the
    noise of the loss is drawn from the same generator. Data are moved to the model's device once, as they are stored,
    and each batch to its dtype.
    Started by torchrun, the processes share each batch (:mod:`dgm_helpers.training.distributed`).

    Args:
        model: trained in place; left in evaluation mode.
        x: training data, first axis the data points; bytes (uint8) are intensities from 0 to 255, and stay bytes until
            their batch is made, in which they are numbers in [0, 1].
        steps: number of updates in all.
        seconds: after which no further step begins; with ``steps``, whichever comes first.
        batch_size: data points an update, over all processes; all of them if there are fewer.
        learning_rate: of the optimiser. A model of several players defines ``parameter_groups(learning_rate)``: a list
            of the optimiser's groups, dicts with ``params`` and what is the player's own of ``lr``, ``betas`` and the
            like.
        optimizer: a class of ``torch.optim``, or one with arguments, as ``partial(SGD, momentum=0.9)``; Adam unless
            given.
        schedule: function of the steps made and of the passes over the data made, which gives the factor that every
            learning rate has in the next step (:mod:`dgm_helpers.models.learning_rates` has those of the papers).
        initialize: before the first step, call ``model.initialize(batch, [label,] generator)`` on so many data points,
            the first ones of the first epoch.
        seed: of the order and the noise.
        transform: applied to each batch, with the run's generator; for binarisation or dequantisation.
        labels: class of each data point, for a conditional model: its ``loss`` gets those of the batch as ``label``.
        log_every: a row of the history is the average over this many steps.
        weight_average: decay of an average of the weights, which the model is left with, and with statistics of batch
            normalisation that are estimated anew for it (:mod:`dgm_helpers.training.batch_norm`).
        keep_statistics: leave the statistics as training had them.
        bf16: compute the loss under bfloat16 autocast; on a CUDA GPU unless told otherwise, elsewhere if told to.
        compile: the loss with ``torch.compile``, which takes a minute, and a C++ compiler on a CPU.
        folder: for a checkpoint. If one is there, the run goes on from it, to the bit as if it had never stopped. The
            first Ctrl-C then waits for the end of the step and writes one.
        checkpoint_every: steps from one to the next; the last step writes one too.
        lines: on stderr, now and then, for a log file; without it nothing is said outside of terminal and notebook.

    Returns:
        The history of the terms.

    Raises:
        ValueError: if there are no data or no steps, if a batch or a row of the history would hold nothing, if there
            are not as many labels as data points, if the model's parameter groups leave a parameter out, if it cannot
            be initialised by data and is asked to, if the schedule gives no number of at least 0, if the
            folder's checkpoint is of another run, or if another process is training in the folder.
        FloatingPointError: if a term is not finite, with its name and the step, before which the model then is; or if a
            weight is not, at a checkpoint or at the end.
        KeyboardInterrupt: after Ctrl-C.
    """
    _require_work(len(x), steps, seconds, labels, batch_size, log_every, checkpoint_every)
    keep_freed_memory()
    parameter = next(model.parameters())
    labels = None if labels is None else labels.to(parameter.device)
    examples = Examples(x.to(parameter.device), labels, transform, parameter)
    folder = None if folder is None else Path(folder)
    processes = distributed.start(parameter.device)
    claim = claimed(None if processes.rank else folder)
    with claim, processes.global_draws(seed, parameter.device):
        goes_on = folder is not None and has_checkpoint(folder, processes)
        if initialize is not None and not goes_on:
            examples.initialize(model, initialize, seed)
        loss = processes.wrap(Loss(model))
        identity = {
            "model": f"{type(model).__qualname__}({model.config if isinstance(model, HasConfig) else ''})",
            "data": tuple(x.shape),
            "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "log_every": log_every,
            "weight_average": weight_average, "optimizer": optimizers.name_of(optimizer),
            "schedule": optimizers.name_of(schedule), "initialize": initialize,
        }  # fmt: skip
        state = State.begin(
            model, len(x), optimizers.build(model, learning_rate, optimizer), schedule, processes, identity
        )
        if goes_on:
            state.resume(folder)
        loss = torch.compile(loss) if compile else loss
        in_bf16 = parameter.device.type == "cuda" if bf16 is None else bf16
        precision = torch.autocast(parameter.device.type, torch.bfloat16) if in_bf16 else nullcontext()

        buffers = Buffers(model)
        model.train()
        with (
            progress_line(state, steps, seconds, lines=lines) as progress,
            state.interrupts(wait=folder is not None) as interrupted,
        ):
            began = monotonic() - state.seconds
            halt = False
            stop = (steps is not None and state.step >= steps) or (
                seconds is not None and state.seconds >= seconds
            )
            while not stop:
                state.step += 1
                index = state.processes.share(next(state.batches))
                batch, condition = examples.batch(index, state.noise)
                buffers.copy()
                with precision:
                    terms = loss(batch, condition, state.noise)
                values, halt, late = state.processes.agree(
                    terms, interrupted.is_set(), seconds is not None and monotonic() - began >= seconds
                )
                _require_finite(values, state.step, buffers)
                state.update(terms["loss"])
                state.seconds = monotonic() - began
                stop = halt or late or state.step == steps
                state.log(values, end_row=state.step % log_every == 0 or (stop and not halt))
                if folder is not None and (stop or state.step % checkpoint_every == 0):
                    state.save(folder)
                progress.set_postfix_str(headline(values), refresh=False)
                progress.update()
        if halt:
            raise KeyboardInterrupt
        state.require_finite("the model is of no use")
        if state.average:
            state.average.install()
            if not keep_statistics:
                with precision:
                    batch_norm.estimate_statistics(model, examples, batch_size, seed, processes)
        model.eval()
        return state.history


class Loss(nn.Module):
    """A model whose forward pass is its loss: what can be compiled, and shared among processes.

    Args:
        model: with a method ``loss(batch, [label,] generator)``.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, batch: Tensor, condition: dict[str, Tensor], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """The model's named terms."""
        return self.model.loss(batch, **condition, generator=noise)


def _require_work(
    points: int,
    steps: int | None,
    seconds: float | None,
    labels: Tensor | None,
    batch_size: int,
    log_every: int,
    checkpoint_every: int,
) -> None:
    if steps is None and seconds is None:
        raise ValueError("nothing says when to stop: give steps or seconds")
    if points == 0 or (steps is not None and steps < 1):
        raise ValueError(f"nothing to train on: {points} data points, {steps} steps")
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds ({seconds}) must be more than 0")
    if batch_size < 1 or log_every < 1:
        raise ValueError(f"batch_size ({batch_size}) and log_every ({log_every}) must be at least 1")
    if checkpoint_every < 1:
        raise ValueError(f"checkpoint_every ({checkpoint_every}) must be at least 1")
    if labels is not None and len(labels) != points:
        raise ValueError(f"{len(labels)} labels for {points} data points")


def _require_finite(values: dict[str, float], step: int, buffers: Buffers) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            buffers.restore()
            raise FloatingPointError(
                f"step {step}: the term {name!r} is {value}; no update was made. "
                "A smaller learning rate, or a look at the data for NaN, is the usual way out."
            )
