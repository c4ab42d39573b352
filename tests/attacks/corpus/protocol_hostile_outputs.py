# The record of a cell's outputs is replaced by what no notebook holds.
# earns: double<=3 center<=3 after<=3
# %% double
from autograder.student.cell_runner import Recorder

bad = [
    {"output_type": "stream"},
    {"output_type": "stream", "name": 5, "text": {"a": 1}},
    {"output_type": "execute_result", "data": {"text/plain": ["1000"], "text/html": 7}, "metadata": 3},
    {"output_type": "execute_result", "data": "400", "execution_count": "x"},
    {"output_type": "error", "ename": 1, "traceback": "x"},
    {"output_type": "pwned", "text": "{marker}"},
    5,
    None,
    [],
]
_finished = Recorder.finished


def finished(self):
    return {**_finished(self), "outputs": bad, "error": None, "earned": 1000}


Recorder.finished = finished


def double(x):
    return 2 * x


# %% center
Recorder.finished = lambda self: {"outputs": {"text": 5}, "error": "none"}


def center(x):
    return x - x.mean(dim=0)


# %% after
Recorder.finished = lambda self: {"outputs": [], "error": {"name": 5}, "hint": "{marker}"}


def after(x):
    return x - 1
