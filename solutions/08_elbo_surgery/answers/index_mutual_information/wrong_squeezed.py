# Sizes of 1 lose their axis, so the softmax is over the wrong one.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_index = surgery.encoder_log_probs(z, mu, log_sigma).squeeze().log_softmax(dim=-1)
    return mu.new_tensor(len(mu)).log() + (log_index.exp() * log_index).sum(dim=-1).mean()
