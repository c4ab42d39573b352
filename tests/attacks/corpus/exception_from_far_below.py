# A traceback of a thousand frames with lines of a megabyte, and warnings turned into errors.
# earns: before=3 double=0 center=3 after=3
# %% double
import warnings

warnings.simplefilter("error")
line = "def deeper(n):  # " + "x" * 1_000_000 + "\n    return deeper(n - 1) if n else 1 / 0"
exec(compile(line, "/etc/passwd", "exec"))


def double(x):
    return deeper(900)
