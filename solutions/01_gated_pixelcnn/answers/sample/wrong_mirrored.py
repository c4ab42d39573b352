# The second half of the images uses the mirrored random numbers of the first. hint: draw one random number per image
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    logits = model.logits(x, label)[:, :, channel, row, column]
                    half = torch.rand(n - n // 2, generator=generator)
                    uniform = torch.cat([half, 1 - half[: n // 2]])
                    x[:, channel, row, column] = draw_level(logits, uniform, model.levels)
    return x
