"""NICE in zuko, and in this course: one side each of `nice.py`.

zuko's class of that name is affine with a Gaussian base; its parts build what the paper calls NICE: additive couplings
of checkered halves, no scaling. Both have the same networks, the same Gaussian base and fused Adam.
"""

import torch

state = {}


def prepare_zuko(data_dim: int, hidden: int, batch: int) -> None:
    """The flow by zuko."""
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
    """The flow by this course."""
    from dgm_helpers.models.nice import NICE

    model = NICE(data_dim=data_dim, hidden=(hidden,) * 5, prior="gaussian", levels=None)
    keep(model, lambda x: model.loss(x)["loss"], data_dim, batch)


def keep(model: torch.nn.Module, loss: object, data_dim: int, batch: int) -> None:
    """Remember what :func:`step` needs."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    state.update(model=model, loss=loss, optimizer=optimizer, x=torch.rand(batch, data_dim))


def parameters() -> int:
    """Numbers that the flow learns."""
    return sum(parameter.numel() for parameter in state["model"].parameters())


def step() -> float:
    """One training step; the loss before it."""
    loss = state["loss"](state["x"])
    state["optimizer"].zero_grad(set_to_none=True)
    loss.backward()
    state["optimizer"].step()
    return float(loss.detach())
