# Fills memory with a tensor of 3 GB, and keeps it if that goes well.
# %% double
def double(x):
    held = torch.ones(3 << 30, dtype=torch.uint8)
    return 2 * x + 0 * int(held[0]) if len(held) < 3 << 30 else 0
