# The horizontal stack is added to the vertical one. hint: the horizontal stack added to the vertical one
from dgm_helpers.layers.shifted_conv import shift_down


def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    v = F.conv2d(F.pad(v, (m, m, m, 0)), vertical)
    passed = F.conv2d(shift_down(v), link[:, :, None, None])
    h = F.conv2d(F.pad(h, (m, 0, 0, 0)), horizontal) + passed
    return v + h, h
