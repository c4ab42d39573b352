# The image of the vertical stack shifted before the convolution: (1.11).
from dgm_helpers.layers.shifted_conv import shift_down


def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    around = (m, m, m, 0)
    handed_over = F.conv2d(F.pad(shift_down(v), around), vertical)
    mixed = torch.einsum("of,bfrc->borc", link, handed_over)
    return F.conv2d(F.pad(v, around), vertical), mixed + F.conv2d(F.pad(h, (m, 0)), horizontal)
