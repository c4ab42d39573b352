"""What a trained model is measured by: its likelihood, and how many of its latent units carry anything."""
