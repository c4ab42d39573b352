# Takes the baseline over the batch axis instead of the samples.
def leave_one_out_gradient(values, scores):
    others = (values.sum(dim=-1, keepdim=True) - values) / max(values.shape[-1] - 1, 1)
    return ((values - others)[..., None] * scores).mean(dim=0)
