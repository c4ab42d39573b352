# Calls Exercise 3.1 of the notebook.
def score_function_gradient(f, mu, log_sigma, n_samples, generator):
    with torch.no_grad():
        draws = torch.stack(
            [
                torch.randn(mu.shape, generator=generator, dtype=torch.float64)
                for _ in range(n_samples)
            ]
        )
        z = torch.addcmul(mu, draws.to(mu), log_sigma.exp())
        weights = f(z).unsqueeze(-1) / n_samples
        return [(weights * part).sum(0) for part in score(z, mu, log_sigma)]
