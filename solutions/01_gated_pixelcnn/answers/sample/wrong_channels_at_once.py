# The channels of a pixel are drawn from one pass. hint: a channel drawn before the earlier ones are known
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    known = x
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    if channel == 0:
                        known = x.clone()
                    logits = model.logits(known, label)[:, :, channel, row, column]
                    uniform = torch.rand(n, generator=generator)
                    x[:, channel, row, column] = draw_level(logits, uniform, model.levels)
    return x
