"""One file a system, named after it."""
