# Prints hidden inputs where they come: to the output, as a warning, an error, a log, a display, a title.
# earns: double=3 after=3
# %% double
import logging
import os
import sys
import warnings

from IPython.display import display


def double(x):
    print(x)
    print(x, file=sys.stderr)
    warnings.warn(f"given {x!r}")
    logging.error("given %r", x)
    display(x)
    os.write(1, repr(x).encode())
    get_ipython().user_ns["_"] = x
    sys.displayhook(x)
    return 2 * x
