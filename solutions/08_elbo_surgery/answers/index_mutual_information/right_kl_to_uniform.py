# As the KL between q(i|z) and the uniform distribution.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_index = surgery.encoder_log_probs(z, mu, log_sigma).log_softmax(dim=-1)
    log_n = mu.new_tensor(len(mu)).log()
    return (log_index.exp() * (log_index + log_n)).sum(dim=-1).mean()
