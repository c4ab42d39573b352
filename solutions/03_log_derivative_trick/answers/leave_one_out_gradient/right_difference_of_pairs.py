# Half the mean of the products of differences over all pairs.
def leave_one_out_gradient(values, scores):
    n = len(values)
    total = torch.zeros_like(scores[0])
    for j in range(n):
        df = (values - values[j])[..., None]
        total = total + (df * (scores - scores[j])).sum(dim=0)
    return total / (2 * n * (n - 1))
