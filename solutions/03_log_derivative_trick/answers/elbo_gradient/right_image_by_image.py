# One image after the other, each with the factor n/B.
def elbo_gradient(model, x, n_data, estimator, n_samples, generator):
    parameters = (model.encoder_weight, model.encoder_bias, model.encoder_log_sigma)
    totals = [torch.zeros_like(p) for p in parameters]
    for i in range(len(x)):
        image = x[i : i + 1]
        mu, log_sigma = model.encode(image)
        grads = estimator(
            lambda z, image=image: model.log_likelihood(image, z),
            mu.detach(),
            log_sigma.detach(),
            n_samples,
            generator,
        )
        objective = (grads[0] * mu).sum() + (grads[1] * log_sigma).sum()
        objective = objective - distributions.kl_to_standard_normal(mu, log_sigma).sum()
        for total, g in zip(totals, torch.autograd.grad(objective, parameters), strict=True):
            total += n_data / len(x) * g
    return totals
