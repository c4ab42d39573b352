# Calls the library's own version. hint: library's answer
def leave_one_out_gradient(values, scores):
    return gradient_estimators.leave_one_out_gradient(values, scores)
