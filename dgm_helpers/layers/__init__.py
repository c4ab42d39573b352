"""Layers that several models are built from."""
