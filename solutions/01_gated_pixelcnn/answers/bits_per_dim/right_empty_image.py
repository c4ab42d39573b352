# The dimensions of an image that holds nothing, counted by torch.
def bits_per_dim(log_prob: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    dimensions = torch.empty(shape).numel()
    return log_prob / (-dimensions * log_prob.new_tensor(2).log())
