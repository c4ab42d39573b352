# The noise variance is bounded below by 1e-5: wrong for small variances.
def ppca_solution(Sigma, d):
    eigenvalues, eigenvectors = torch.linalg.eigh(Sigma)
    eigenvalues, eigenvectors = eigenvalues.flip(0), eigenvectors.flip(1)
    noise = eigenvalues[d:].mean()
    weight = eigenvectors[:, :d] * (eigenvalues[:d] - noise).clamp_min(0).sqrt()
    return weight, noise.clamp_min(1e-5)
