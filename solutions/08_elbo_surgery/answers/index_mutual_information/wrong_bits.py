# Bits, not nats. hint: bits: return nats
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_index = surgery.encoder_log_probs(z, mu, log_sigma).log_softmax(dim=-1)
    entropy = -(log_index.exp() * log_index).sum(dim=-1)
    return (mu.new_tensor(len(mu)).log() - entropy.mean()) / mu.new_tensor(2.0).log()
