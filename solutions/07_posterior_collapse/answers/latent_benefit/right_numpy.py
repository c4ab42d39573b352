# By numpy, in float64.
import numpy as np


def latent_benefit(Sigma):
    matrix = Sigma.numpy().astype(float)
    return 0.5 * (np.log(np.diag(matrix)).sum() - np.linalg.slogdet(matrix)[1])
