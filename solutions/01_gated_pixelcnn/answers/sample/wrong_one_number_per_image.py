# One random number for all sub-pixels of an image. hint: draw new random numbers for each sub-pixel
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    numbers = torch.rand(n, generator=generator)
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    logits = model.logits(x, label)[:, :, channel, row, column]
                    uniform = numbers
                    x[:, channel, row, column] = draw_level(logits, uniform, model.levels)
    return x
