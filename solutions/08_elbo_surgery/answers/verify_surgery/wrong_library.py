# The library's own function. hint: this is the library's answer
def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    return surgery.verify_surgery(z, mu, log_sigma)
