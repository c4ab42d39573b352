# A convolution as a sum over the entries of its kernel.
def two_stack_layer(
    v: torch.Tensor,
    h: torch.Tensor,
    vertical: torch.Tensor,
    link: torch.Tensor,
    horizontal: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    height, width = v.shape[2:]
    m = horizontal.shape[-1] - 1
    padded, left = F.pad(v, (m, m, m, 0)), F.pad(h, (m, 0))
    new_v = sum(
        torch.einsum(
            "of,bfrc->borc", vertical[:, :, a, b], padded[:, :, a : a + height, b : b + width]
        )
        for a in range(m + 1)
        for b in range(2 * m + 1)
    )
    new_h = sum(
        torch.einsum("of,bfrc->borc", horizontal[:, :, 0, b], left[..., b : b + width])
        for b in range(m + 1)
    )
    down = torch.zeros_like(new_v)
    down[:, :, 1:] = new_v[:, :, :-1]
    return new_v, new_h + torch.einsum("of,bfrc->borc", link, down)
