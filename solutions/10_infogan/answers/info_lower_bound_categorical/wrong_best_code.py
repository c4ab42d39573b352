# The most probable code, not the one that went in. hint: take the code that went in
def info_lower_bound_categorical(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    log_k = logits.new_tensor(logits.shape[-1]).log()
    return log_k + logits.log_softmax(dim=-1).amax(dim=-1)
