# Only the rows so far are evaluated; all numbers are drawn at the start.
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x, uniform = (
        torch.zeros(n, channels, height, width),
        torch.rand(n, channels, height, width, generator=generator),
    )
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    logits = model.logits(x[:, :, : row + 1], label)[:, :, channel, row, column]
                    here = (slice(None), channel, row, column)
                    x[here] = draw_level(logits, uniform[here], model.levels)
    return x
