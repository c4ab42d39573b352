# Raises for one sweep, which loses its axis.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_index = surgery.encoder_log_probs(z.squeeze(0), mu, log_sigma).log_softmax(dim=-1)
    sweeps, n, _ = log_index.shape
    return mu.new_tensor(len(mu)).log() + (log_index.exp() * log_index).sum() / (sweeps * n)
