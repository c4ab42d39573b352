# One pixel after another; certain pixels that agree are left out of the sum.
def independent_log_prob(x: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    total = torch.zeros(len(x), dtype=x.dtype)
    for pixel, p in zip(x.T, probability, strict=True):
        of_this_pixel = pixel * p + (1 - pixel) * (1 - p)
        total = total + of_this_pixel.log()
    return total
