# Calls the library's own version. hint: library's answer
def reparametrized_gradient(f, mu, log_sigma, n_samples, generator):
    return gradient_estimators.reparametrized_gradient(f, mu, log_sigma, n_samples, generator)
