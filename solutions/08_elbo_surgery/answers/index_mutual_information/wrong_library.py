# The library's own function. hint: this is the library's answer
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    return surgery.index_mutual_information(z, mu, log_sigma)
