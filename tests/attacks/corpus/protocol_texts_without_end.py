# Outputs, names, messages and tracebacks of many megabytes, past every bound of the student's own side.
# earns: double=0 center=0 second_moment<=5 energy<=3 Affine<=3 after<=3
# %% double
from autograder.student import worker
from autograder.student.cell_runner import Recorder

_finished = Recorder.finished
text = "t" * 3_000_000
worker.describe = lambda error: [text, text, [text, *["x"] * 100_000]]


def double(x):
    raise ValueError


# %% center
worker.describe = lambda error: [text, text, [text]]
Recorder.finished = lambda self: {"outputs": [], "error": [text, text, [text] * 3]}


def center(x):
    return x - x.mean(dim=0)


# %% energy
Recorder.finished = lambda self: {
    "outputs": [{"output_type": "stream", "name": "stdout", "text": text}] * 4,
    "error": None,
}


def energy(x):
    return 0.5 * (x**2).sum()


# %% after
Recorder.finished = lambda self: {
    "outputs": [{"output_type": "display_data", "data": {}, "metadata": {}}] * 100_000,
    "error": None,
}


def after(x):
    return x - 1
