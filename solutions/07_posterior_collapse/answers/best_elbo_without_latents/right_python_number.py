# A Python number, coordinate by coordinate.
import math


def best_elbo_without_latents(mu, Sigma):
    return sum(-0.5 * (1 + math.log(2 * math.pi * float(v))) for v in Sigma.diagonal())
