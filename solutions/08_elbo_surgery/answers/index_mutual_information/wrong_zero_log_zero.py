# p log p is NaN where p has underflowed.
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    index = surgery.encoder_log_probs(z, mu, log_sigma).softmax(dim=-1)
    entropy = -(index * index.log()).sum(dim=-1)
    return mu.new_tensor(len(mu)).log() - entropy.mean()
