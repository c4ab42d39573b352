# Calls the library's own version. hint: library's answer
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    return gradient_estimators.score_function_gradient(f, mu, log_sigma, n_samples, generator)
