# The channels of a pixel share a random number. hint: draw new random numbers for each sub-pixel
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    numbers = torch.rand(n, height, width, generator=generator)
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    logits = model.logits(x, label)[:, :, channel, row, column]
                    uniform = numbers[:, row, column]
                    x[:, channel, row, column] = draw_level(logits, uniform, model.levels)
    return x
