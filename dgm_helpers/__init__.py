"""Models, objectives, checks, data and plots for the course on deep generative models.

Importing this package does no work: each part is imported where it is used, for example
``from dgm_helpers import checks, data, plots`` or ``from dgm_helpers.models.vae import VAE``.
"""

__version__ = "0.1.0"
