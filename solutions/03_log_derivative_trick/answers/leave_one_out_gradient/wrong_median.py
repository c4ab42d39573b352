# The median of the others as baseline.
def leave_one_out_gradient(values, scores):
    others = torch.stack(
        [torch.cat([values[:k], values[k + 1 :]]).median(dim=0).values for k in range(len(values))]
    )
    return ((values - others)[..., None] * scores).mean(dim=0)
