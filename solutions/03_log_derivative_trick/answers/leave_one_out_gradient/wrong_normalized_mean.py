# Standardizes as in reinforcement learning, with the mean of all. hint: divided by their standard deviation
def leave_one_out_gradient(values, scores):
    weights = (values - values.mean(dim=0)) / values.std(dim=0)
    return (weights[..., None] * scores).mean(dim=0)
