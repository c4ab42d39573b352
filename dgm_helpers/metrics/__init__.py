"""What a trained model is measured by: its likelihood, which latent units carry something, and what codes stand for."""
