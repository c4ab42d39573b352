# The library's own function, through the marginal KL of single points. hint: this is the library's answer
def aggregated_posterior_log_prob(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    class NoPrior:
        def log_prob(self, point):
            return 0.0

    points = [
        surgery.marginal_kl(one, mu, log_sigma, NoPrior()) for one in z.reshape(-1, z.shape[-1])
    ]
    return torch.stack(points).view(z.shape[:-1])
