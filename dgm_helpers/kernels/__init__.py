"""Functions that exist only for speed."""
