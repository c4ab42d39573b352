# Calls the library's own version. hint: library's answer
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    return gradient_estimators.elbo_gradient(model, x, n_data, estimator, n_samples, generator)
