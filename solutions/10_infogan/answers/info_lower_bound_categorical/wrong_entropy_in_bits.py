# The entropy in bits, the rest in nats. hint: H(c) in bits
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_q = logits.log_softmax(dim=-1)[torch.arange(len(category)), category]
    return logits.new_tensor(logits.shape[-1]).log2() + log_q
