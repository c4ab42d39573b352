# The entropy of the mean of q(i|z): near log n for any encoders. hint: the entropy of the average
def index_mutual_information(
    z: torch.Tensor, mu: torch.Tensor, log_sigma: torch.Tensor
) -> torch.Tensor:
    log_q = surgery.encoder_log_probs(z, mu, log_sigma)
    mean = log_q.softmax(dim=-1).flatten(0, 1).mean(dim=0)
    return mu.new_tensor(len(mu)).log() - torch.special.entr(mean).sum()
