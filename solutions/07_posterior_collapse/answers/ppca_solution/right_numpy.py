# By numpy, the results as arrays.
import numpy as np


def ppca_solution(Sigma, d):
    eigenvalues, eigenvectors = np.linalg.eigh(Sigma.numpy())
    noise = eigenvalues[:-d].mean()
    scale = np.sqrt(np.maximum(eigenvalues[-d:] - noise, 0))
    return (eigenvectors[:, -d:] * scale)[:, ::-1].copy(), noise
