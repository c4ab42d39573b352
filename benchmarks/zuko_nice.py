"""NICE in zuko, and in this course: one side each of `nice.py`.

zuko's class of that name is affine with a Gaussian base. Here zuko's parts build the paper's NICE: additive couplings
of alternating halves, without the scaling. Both have the same networks, the same Gaussian base and fused Adam.
"""

import torch

state = {}


def prepare_zuko(data_dim: int, hidden: int, batch: int) -> None:
    """Build the flow from zuko's parts."""
    import zuko
    from zuko.flows import Flow, UnconditionalDistribution
    from zuko.flows.coupling import GeneralCouplingTransform

    masks = [torch.arange(data_dim) % 2 == parity for parity in (0, 1, 0, 1)]
    flow = Flow(
        [
            GeneralCouplingTransform(
                data_dim,
                mask=mask,
                univariate=zuko.transforms.AdditiveTransform,
                shapes=[()],
                hidden_features=(hidden,) * 5,
            )
            for mask in masks
        ],
        UnconditionalDistribution(
            zuko.distributions.DiagNormal, torch.zeros(data_dim), torch.ones(data_dim), buffer=True
        ),
    )
    keep(flow, lambda x: -flow().log_prob(x).mean(), data_dim, batch)


def prepare_ours(data_dim: int, hidden: int, batch: int) -> None:
    """Build this course's flow."""
    from dgm_helpers.models.nice import NICE

    model = NICE(data_dim=data_dim, hidden=(hidden,) * 5, prior="gaussian", levels=None)
    keep(model, lambda x: model.loss(x)["loss"], data_dim, batch)


def keep(model: torch.nn.Module, loss: object, data_dim: int, batch: int) -> None:
    """Store the model, loss, optimizer and data for :func:`step`."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    state.update(model=model, loss=loss, optimizer=optimizer, x=torch.rand(batch, data_dim))


def parameters() -> int:
    """Return the number of the flow's parameters."""
    return sum(parameter.numel() for parameter in state["model"].parameters())


def step() -> float:
    """Make one training step, and return the loss before it."""
    loss = state["loss"](state["x"])
    state["optimizer"].zero_grad(set_to_none=True)
    loss.backward()
    state["optimizer"].step()
    return float(loss.detach())
