# Calls the library's shift. hint: this is the library's answer
def vertical_to_horizontal(v: torch.Tensor) -> torch.Tensor:
    from dgm_helpers.layers import shifted_conv

    return shifted_conv.shift_down(v)
