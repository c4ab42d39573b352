# The largest of the logits plus Gumbel noise; blanks are gray, which no sub-pixel may see.
def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    channels, height, width = model.image_shape
    x = torch.full((n, channels, height, width), 0.5)
    with torch.no_grad():
        for i in range(channels * height * width):
            place, channel = divmod(i, channels)
            row, column = divmod(place, width)
            logits = model.logits(x, label)[:, :, channel, row, column]
            if model.levels == 2:
                logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
            uniform = torch.rand(logits.shape, generator=generator).clamp_min(1e-12)
            index = (logits - (-uniform.log()).log()).argmax(dim=1)
            x[:, channel, row, column] = index / (model.levels - 1)
    return x
