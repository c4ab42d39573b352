# The join goes from the horizontal to the vertical stack.
def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    h = F.conv2d(F.pad(h, (m, 0, 0, 0)), horizontal)
    handed_over = F.conv2d(h, link[:, :, None, None])
    return F.conv2d(F.pad(v, (m, m, m, 0)), vertical) + handed_over, h
