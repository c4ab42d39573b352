# Leaves out one sample after the other, in a loop.
def leave_one_out_gradient(values, scores):
    total = torch.zeros_like(scores[0])
    for k in range(len(values)):
        others = [values[j] for j in range(len(values)) if j != k]
        baseline = sum(others) / len(others)
        total = total + (values[k] - baseline).unsqueeze(-1) * scores[k]
    return total / len(values)
