# Returns a list; the shift is a slice of rows.
def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    m = horizontal.shape[-1] - 1
    height = v.shape[2]
    rows = F.conv2d(F.pad(v, (m, m, m + 1, 0)), vertical)
    new_v, shifted = rows[:, :, 1:], rows[:, :, :height]
    own_row = F.conv2d(F.pad(h, (m, 0, 0, 0)), horizontal)
    return [new_v, torch.tensordot(link, shifted, dims=([1], [1])).transpose(0, 1) + own_row]
