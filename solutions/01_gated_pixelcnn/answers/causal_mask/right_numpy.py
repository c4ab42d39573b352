# By numpy, in float64; a parameter without a gradient.
import numpy as np


def causal_mask(
    kernel_size: int, kind: str, in_channels: int, out_channels: int, image_channels: int = 1
) -> torch.Tensor:
    rows, columns = np.indices((kernel_size, kernel_size)) - kernel_size // 2
    inputs, outputs = (
        np.arange(in_channels) % image_channels,
        np.arange(out_channels) % image_channels,
    )
    before = np.where(rows == 0, columns < 0, rows < 0).astype(float)
    mask = np.tile(before, (out_channels, in_channels, 1, 1))
    compare = np.less if kind == "A" else np.less_equal
    mask[:, :, kernel_size // 2, kernel_size // 2] = compare.outer(inputs, outputs).T
    return torch.nn.Parameter(torch.from_numpy(mask), requires_grad=False)
