# A number from the generator seeds another generator, from which the rest is drawn; float64.
from dgm_helpers.objectives.pixel_levels import draw_level


def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    seed = int(torch.randint(2**40, (), generator=generator))
    own = torch.Generator().manual_seed(seed)
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    with torch.no_grad():
        for row in range(height):
            for column in range(width):
                for channel in range(channels):
                    logits = model.logits(x, label)[:, :, channel, row, column]
                    uniform = torch.rand(n, generator=own)
                    x[:, channel, row, column] = draw_level(logits, uniform, model.levels)
    return x.double()
