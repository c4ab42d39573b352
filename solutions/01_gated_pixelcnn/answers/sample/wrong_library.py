# Calls the library's loop over the image. hint: this is the library's answer
def sample(
    model: torch.nn.Module, n: int, generator: torch.Generator, label: torch.Tensor | None = None
) -> torch.Tensor:
    from dgm_helpers.objectives.pixel_levels import draw_in_raster_order

    uniforms = torch.rand(n, *model.image_shape, generator=generator)
    with torch.no_grad():
        return draw_in_raster_order(
            lambda x, channel, row, column: model.logits(x, label)[:, :, channel, row, column],
            uniforms,
            model.levels,
        )
