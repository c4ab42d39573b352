# The baseline includes the sample itself: biased by the factor 1 - 1/K.
def leave_one_out_gradient(values, scores):
    return ((values - values.mean(dim=0))[..., None] * scores).mean(dim=0)
