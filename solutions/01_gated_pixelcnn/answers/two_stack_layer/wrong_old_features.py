# What is handed over is the input of the vertical stack, not its new features; raises where their numbers differ.
from dgm_helpers.layers.shifted_conv import shift_down


def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    handed_over = F.conv2d(shift_down(v), link[:, :, None, None])
    v = F.conv2d(F.pad(v, (m, m, m, 0)), vertical)
    return v, F.conv2d(F.pad(h, (m, 0, 0, 0)), horizontal) + handed_over
