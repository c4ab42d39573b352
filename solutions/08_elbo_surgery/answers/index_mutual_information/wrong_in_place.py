# The samples are standardized where they are. hint: work on a copy
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    z -= mu
    z /= log_sigma.exp()
    log_index = surgery.encoder_log_probs(z * log_sigma.exp() + mu, mu, log_sigma).log_softmax(
        dim=-1
    )
    return mu.new_tensor(len(mu)).log() + (log_index.exp() * log_index).sum(dim=-1).mean()
