# Changes the values in place. hint: in-place
def leave_one_out_gradient(values, scores):
    values -= (values.sum(dim=0) - values) / (len(values) - 1)
    return (values[..., None] * scores).mean(dim=0)
