# The eigenvalues of the correlation matrix are bounded below.
def latent_benefit(Sigma):
    deviations = Sigma.diagonal().sqrt()
    R = Sigma / torch.outer(deviations, deviations)
    return -0.5 * torch.linalg.eigvalsh(R).clamp_min(1e-3).log().sum()
