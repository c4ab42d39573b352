# The encoder that a sample came from is left out of the mixture. hint: the sample's own encoder left out
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    if len(mu) > 1:
        log_q = log_q.masked_fill(torch.eye(len(mu), dtype=torch.bool), -torch.inf)
    entropy = torch.special.entr(log_q.softmax(dim=-1)).sum(dim=-1)
    return mu.new_tensor(len(mu)).log() - entropy.mean()
