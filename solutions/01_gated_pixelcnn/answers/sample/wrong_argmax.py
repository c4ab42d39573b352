# The most probable level every time. hint: the most probable level every time
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
                    if model.levels == 2:
                        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
                    x[:, channel, row, column] = logits.argmax(dim=1) / (model.levels - 1)
    return x
