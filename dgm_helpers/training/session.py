"""One call of :func:`~dgm_helpers.training.fit`: everything that is set up before its loop, and finished after it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import torch
from torch import Tensor, nn

from dgm_helpers.kernels.memory import keep_freed_memory
from dgm_helpers.training import distributed
from dgm_helpers.training.averaging import estimate_statistics, install
from dgm_helpers.training.examples import Examples
from dgm_helpers.training.folder import claimed
from dgm_helpers.training.history import headline
from dgm_helpers.training.progress import interrupts, progress_line
from dgm_helpers.training.settings import Settings
from dgm_helpers.training.state import State, has_checkpoint


@contextmanager
def session(model: nn.Module, x: Tensor, labels: Tensor | None, settings: Settings) -> "Iterator[Session]":
    """Set a run up: data on the device, processes, folder, optimizer, and the checkpoint if there is one.

    Raises:
        ValueError: as for :func:`~dgm_helpers.training.fit`.
    """
    if len(x) == 0:
        raise ValueError("x must have at least 1 data point, got 0")
    if labels is not None and len(labels) != len(x):
        raise ValueError(f"labels must have one class per data point, {len(x)}, got {len(labels)}")
    keep_freed_memory()
    parameter = next(model.parameters())
    labels = None if labels is None else labels.to(parameter.device)
    examples = Examples(x.to(parameter.device), labels, settings.transform, parameter)
    processes = distributed.start(parameter.device)
    folder = settings.folder
    with (
        claimed(None if processes.rank else folder),
        processes.global_draws(settings.seed, parameter.device),
    ):
        resumed = folder is not None and has_checkpoint(folder, processes)
        if settings.initialize is not None and not resumed:
            examples.initialize(model, settings.initialize, settings.seed)
        loss = processes.wrap(Loss(model))  # gives all processes the weights of process 0
        state = State.begin(model, tuple(x.shape), settings, processes)
        if resumed:
            state.resume(folder)
        model.train()
        yield Session(settings, examples, torch.compile(loss) if settings.compile else loss, state)


class Loss(nn.Module):
    """A model whose forward pass is its loss, so that it can be compiled and shared among processes.

    Args:
        model: the model, with a method ``loss(batch, [label,] generator)``.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, batch: Tensor, condition: dict[str, Tensor], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the model's named terms."""
        return self.model.loss(batch, **condition, generator=noise)


class Session:
    """A run that is set up.

    Args:
        settings: the settings of the call.
        examples: the training data.
        loss: the model's loss as a module, compiled if the settings say so, shared among the processes.
        state: the state of the run, which changes from step to step.

    Attributes:
        precision: context in which the loss is computed.
        finished: whether the last step has been made.
    """

    def __init__(self, settings: Settings, examples: Examples, loss: nn.Module, state: State) -> None:
        self.settings, self.examples, self.loss, self.state = settings, examples, loss, state
        self.precision = settings.precision(examples.like.device)
        self.buffers = Buffers(state.model)
        self.interrupted = False
        self.finished = self._complete() or self._late(state.seconds)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Show progress, and let Ctrl-C wait for the end of a step if there is a folder for a checkpoint.

        Raises:
            KeyboardInterrupt: at the end, if Ctrl-C came.
        """
        patient = self.state.processes.count > 1
        with (
            progress_line(self.state, self.settings) as self.progress,
            interrupts(wait=self.settings.folder is not None, patient=patient) as self.interrupt,
        ):
            self.began = monotonic() - self.state.seconds
            yield
        if self.interrupted:
            raise KeyboardInterrupt

    def next_batch(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Begin a step: return this process's share of its batch, and its labels."""
        self.state.step += 1
        self.buffers.copy()
        index = self.state.processes.share(next(self.state.batches))
        return self.examples.batch(index, self.state.noise)

    def checked(self, terms: dict[str, Tensor]) -> dict[str, float]:
        """Return a step's terms as numbers, averaged over the processes, which also agree on whether it is the last.

        Raises:
            FloatingPointError: if a term is not finite. The model's buffers are then as before the step.
        """
        values, self.interrupted, late = self.state.processes.agree(
            terms, self.interrupt.is_set(), self._late(monotonic() - self.began)
        )
        for name, value in values.items():
            if not math.isfinite(value):
                self.buffers.restore()
                raise FloatingPointError(
                    f"step {self.state.step}: the term {name!r} is {value}; no update was made. "
                    "The usual fixes are a smaller learning rate, and checking the data for NaN."
                )
        self.finished = self.interrupted or late or self._complete()
        return values

    def record(self, values: dict[str, float]) -> None:
        """End a step: log its terms, write a checkpoint if it is time for one, and show the progress."""
        state, settings = self.state, self.settings
        state.seconds = monotonic() - self.began
        last = self.finished and not self.interrupted
        state.log(values, end_row=last or state.step % settings.log_every == 0)
        if settings.folder is not None and (self.finished or state.step % settings.checkpoint_every == 0):
            state.save(settings.folder)
        self.progress.set_postfix_str(headline(values), refresh=False)
        self.progress.update()

    def finish(self) -> None:
        """Leave the model with its final weights, in evaluation mode.

        Raises:
            FloatingPointError: if a weight is not finite.
        """
        model, settings = self.state.model, self.settings
        self.state.require_finite("the model is unusable")
        if self.state.average is not None:
            install(self.state.average, model)
            if not settings.keep_statistics:
                with self.precision:
                    estimate_statistics(
                        model, self.examples, settings.batch_size, settings.seed, self.state.processes
                    )
        model.eval()

    def _complete(self) -> bool:
        """Return whether all steps were made; a resumed run may have made more."""
        return self.settings.steps is not None and self.state.step >= self.settings.steps

    def _late(self, seconds: float) -> bool:
        return self.settings.seconds is not None and seconds >= self.settings.seconds


class Buffers:
    """A copy of a model's buffers, to undo the effect of a loss that is not finite on running statistics.

    Args:
        model: the model whose buffers are copied.
    """

    def __init__(self, model: nn.Module) -> None:
        persistent = model.state_dict().keys()  # masks and the like are not in it and never change
        self.buffers = [buffer for name, buffer in model.named_buffers() if name in persistent]
        self.copies = [buffer.clone() for buffer in self.buffers]

    @torch.no_grad()
    def copy(self) -> None:
        """Copy the current values."""
        for copy, buffer in zip(self.copies, self.buffers, strict=True):
            copy.copy_(buffer)

    @torch.no_grad()
    def restore(self) -> None:
        """Restore the values of the last :meth:`copy`."""
        for copy, buffer in zip(self.copies, self.buffers, strict=True):
            buffer.copy_(copy)
