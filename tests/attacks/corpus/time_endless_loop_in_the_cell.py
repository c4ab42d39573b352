# An endless loop in the cell itself, behind a right answer.
# limits: cell_seconds=1.5
# %% double
def double(x):
    return 2 * x


while True:
    pass
