# A named tuple; the standard error by the jackknife, which is the same number.
from typing import NamedTuple


class Surgery(NamedTuple):
    average_kl: float
    marginal_kl: float
    information: float
    z_score: float


def verify_surgery(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> tuple[float, float, float, float]:
    log_q = torch.stack(
        [
            torch.distributions.Normal(m, s.exp()).log_prob(z).sum(dim=-1)
            for m, s in zip(mu, log_sigma, strict=True)
        ],
        dim=-1,
    )
    log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=-1)
    marginal = torch.log(torch.exp(log_q - log_q.amax(-1, True)).mean(-1)) + log_q.amax(-1) - log_p
    entropy = torch.distributions.Categorical(logits=log_q).entropy()
    information = mu.new_tensor(len(mu)).log() - entropy
    average_kl = (0.5 * (mu**2 + torch.exp(2 * log_sigma) - 1) - log_sigma).sum(dim=1).mean()
    t, count = (marginal + information).mean(dim=1), len(z)
    without = (t.sum() - t) / (count - 1)
    error = ((count - 1) / count * ((without - without.mean()) ** 2).sum()).sqrt()
    return Surgery(
        float(average_kl),
        float(marginal.mean()),
        float(information.mean()),
        float((t.mean() - average_kl) / error),
    )
