"""The training loop, in plain torch, for every model whose ``loss(batch)`` returns a dict of named terms."""

from typing import Any

from torch import Tensor, nn

from dgm_helpers.training.history import History
from dgm_helpers.training.session import session
from dgm_helpers.training.settings import Settings


def fit(model: nn.Module, x: Tensor, labels: Tensor | None = None, **settings: Any) -> History:
    """Minimize ``model.loss(batch, generator)["loss"]``, and log every term.

    ``fit(model, x, steps=1000, learning_rate=2e-3)``: the settings are the fields of
    :class:`~dgm_helpers.training.settings.Settings`. The most used are ``steps`` or ``seconds``, ``batch_size``,
    ``learning_rate``, ``optimizer``, ``schedule``, ``transform``, ``seed``, ``log_every`` and ``folder``.

    Batches come from memory without replacement within an epoch, in an order fixed by ``seed``; the noise of the loss
    is drawn from the same generator. Data are moved to the model's device once, as they are stored, and each batch to
    its dtype. Started by torchrun, the processes share each batch (:mod:`dgm_helpers.training.distributed`).

    Args:
        model: the model, which is trained in place and left in evaluation mode.
        x: training data, whose first axis is the data points. Bytes (uint8) are intensities from 0 to 255; only when a
            batch is made do its bytes become numbers in [0, 1].
        labels: class of each data point, for a conditional model, whose ``loss`` gets the batch's as ``label``.
        settings: fields of :class:`~dgm_helpers.training.settings.Settings`, by name.

    Returns:
        The history of the terms.

    Raises:
        TypeError: if there is no setting of a given name.
        ValueError: if a setting is out of its range, there are no data, the number of labels differs from that of data
            points, the model's parameter groups leave a parameter out, ``initialize`` is set for a model without that
            method, the schedule returns a number below 0 or not finite, the folder's checkpoint is of a different run,
            or another process is training in the folder.
        FloatingPointError: if a term is not finite, with its name and the step; the model is then as it was before that
            step. Also if a weight is not finite at a checkpoint or at the end.
        KeyboardInterrupt: after Ctrl-C.
    """
    with session(model, x, labels, Settings.named(settings)) as run:
        state = run.state
        with run.watched():
            while not run.finished:
                batch, condition = run.next_batch()
                with run.precision:
                    terms = run.loss(batch, condition, state.noise)
                values = run.checked(terms)
                state.optimizer.zero_grad(set_to_none=True)
                terms["loss"].backward()
                state.optimizer.step()
                state.schedule.step()
                if state.average is not None:
                    state.average.update_parameters(model)
                run.record(values)
        run.finish()
    return state.history
