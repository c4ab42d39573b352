# Probabilities of all levels and torch.multinomial.
def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.zeros(n, channels, height, width)
    places = torch.cartesian_prod(torch.arange(height), torch.arange(width), torch.arange(channels))
    for row, column, channel in places.tolist():
        with torch.no_grad():
            logits = model.logits(x, label)[:, :, channel, row, column]
        if model.levels == 2:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        index = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
        x[:, channel, row, column] = index / (model.levels - 1)
    return x
