# An endless loop in the cell itself, behind a right answer.
# %% double
def double(x):
    return 2 * x


while True:
    pass
