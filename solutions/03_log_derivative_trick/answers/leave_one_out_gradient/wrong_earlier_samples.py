# The mean of the earlier samples only.
def leave_one_out_gradient(values, scores):
    others = torch.stack(
        [values[:k].mean(dim=0) if k else 0 * values[0] for k in range(len(values))]
    )
    return ((values - others)[..., None] * scores).mean(dim=0)
