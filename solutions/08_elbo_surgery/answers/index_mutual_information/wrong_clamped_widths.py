# log_sigma is clamped to -2 to 2.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_index = surgery.encoder_log_probs(z, mu, log_sigma.clamp(-2, 2)).log_softmax(dim=-1)
    return mu.new_tensor(len(mu)).log() + (log_index.exp() * log_index).sum(dim=-1).mean()
