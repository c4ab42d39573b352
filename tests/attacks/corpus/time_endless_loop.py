# An endless loop in the function.
# limits: cell_seconds=1.5
# %% double
def double(x):
    while True:
        pass
