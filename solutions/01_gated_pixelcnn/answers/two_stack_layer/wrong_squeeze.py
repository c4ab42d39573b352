# Axes of length 1 are dropped from what is returned.
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
    return v.squeeze(), (F.conv2d(F.pad(h, (m, 0, 0, 0)), horizontal) + passed).squeeze()
