# sys.exit and IPython's quit in the cells.
# earns: double=0 center<=3
# %% double
import sys


def double(x):
    return 2 * x


sys.exit(0)


# %% center
def center(x):
    return x - x.mean(dim=0)


get_ipython().ask_exit()
exit()
