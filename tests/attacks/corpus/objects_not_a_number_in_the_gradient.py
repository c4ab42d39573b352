# The value is right, its gradient is NaN, infinite, or of no graph.
# %% energy
def energy(x):
    return (0.5 * (x**2).sum()).detach().requires_grad_()
