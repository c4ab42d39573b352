# An endless loop in the function.
# %% double
def double(x):
    while True:
        pass
