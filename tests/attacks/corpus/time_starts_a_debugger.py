# Starts a debugger in the call, and IPython's at the end of the cell.
# limits: cell_seconds=1.5
# earns: double<=3
# %% double
def double(x):
    breakpoint()
    return 2 * x


get_ipython().run_line_magic("debug", "1 / 0")
