# The score-function estimate: unbiased, but with far more variance.
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    return gradient_estimators.score_function_gradient(f, mu, log_sigma, n_samples, generator)
