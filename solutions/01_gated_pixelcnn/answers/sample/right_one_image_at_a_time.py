# One image after the other.
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    images = []
    with torch.no_grad():
        for i in range(n):
            own_label = None if label is None else label[i : i + 1]
            x = torch.zeros(1, channels, height, width)
            for row in range(height):
                for column in range(width):
                    for channel in range(channels):
                        logits = model.logits(x, own_label)[:, :, channel, row, column]
                        uniform = torch.rand(1, generator=generator)
                        x[0, channel, row, column] = draw_level(logits, uniform, model.levels)[0]
            images.append(x)
    return torch.cat(images)
