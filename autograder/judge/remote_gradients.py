"""Nodes of the judge's graph that represent a part of the graph in the student's process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from autograder.judge.reply import malformed


class GraphOwner(Protocol):
    """The members of a conversation that its nodes use; see :mod:`autograder.judge.proxies`."""

    forgotten: list[int]

    def differentiate(
        self, node: int, gradients: Sequence[Tensor | None], create_graph: bool
    ) -> list[Tensor | None]: ...


class _Handle:
    """A node of the student's graph; when nothing refers to the handle anymore, the student's process can forget it."""

    def __init__(self, conversation: GraphOwner, number: int) -> None:
        self.conversation, self.number = conversation, number

    def __del__(self) -> None:
        self.conversation.forgotten.append(self.number)


class RemoteNode(torch.autograd.Function):
    """Puts returned tensors into the graph; its inputs are the leaves that they depend on in the student's process."""

    @staticmethod
    def forward(ctx: Any, conversation: GraphOwner, node: int, outputs: list[Tensor], *inputs: Tensor) -> Any:
        ctx.node = _Handle(conversation, node)
        ctx.set_materialize_grads(False)
        ctx.inputs = len(inputs)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple:
        node = ctx.node
        found = node.conversation.differentiate(node.number, gradients, torch.is_grad_enabled())
        if len(found) != ctx.inputs - 1:
            raise malformed("there must be one gradient per leaf")
        return None, None, None, None, *found
