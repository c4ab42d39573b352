# Square kernels with zeros where nothing may be seen, and the padding of conv2d.
from dgm_helpers.layers.shifted_conv import shift_down


def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    square = F.pad(vertical, (0, 0, 0, m))
    row = F.pad(horizontal, (0, m, m, m))
    new_v = F.conv2d(v, square, padding=m)
    new_h = F.conv2d(h, row, padding=m)
    return new_v, new_h + torch.einsum("of,bfrc->borc", link, shift_down(new_v))
