# Answers of every wrong type: where an object is expected a list, where a text a number, where a number a text.
# earns: before=0 double=0 center=0 second_moment=0 energy=0 Affine=0 after=0
# %% before
from autograder.student import worker

_send = worker.send_frame
replies = {}


def send(connection, number, answer, buffers=()):
    name = replies.get("now")
    _send(connection, number, replies.get(name, answer), () if name in replies else buffers)


worker.send_frame = send
replies |= {
    "before": [],
    "double": {"value": ["T", "float64", [1 << 39, 1 << 39]], "live": []},
    "center": {"value": ["R", 0], "live": ["R", 0], "node": -1, "leaves": "x"},
    "energy": {"value": ["R", 0], "live": [["T", "float64", []]], "node": "x", "leaves": [1, -1, None]},
    "second_moment": {"error": {"a": 1}},
    "Affine": {"value": ["h", -1, 5], "live": {}, "printed": 5},
    "after": {"error": ["SystemExit", {"hint": "x"}, 7, 8], "printed": ["x"], "changed": [[]]},
}


def before(x):
    replies["now"] = "before"


# %% double
def double(x):
    replies["now"] = "double"


# %% center
def center(x):
    replies["now"] = "center"


# %% second_moment
def second_moment(mu, n_samples, generator):
    replies["now"] = "second_moment"


# %% energy
def energy(x):
    replies["now"] = "energy"


# %% Affine
def Affine(scale, shift):
    replies["now"] = "Affine"


# %% after
def after(x):
    replies["now"] = "after"
