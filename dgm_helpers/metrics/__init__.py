"""Measures of a trained model: its likelihood, its active latent units, and the factors that its codes stand for."""
