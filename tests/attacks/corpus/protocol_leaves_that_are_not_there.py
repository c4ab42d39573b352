# Claims that its results depend on tensors that do not exist, on all of them a million times, on each other.
# earns: energy=0 double=0 center=0
# %% double
from autograder.student.worker import Worker

_answer = Worker._answer
forged = {}


def answer(self, value, leaves):
    found, buffers = _answer(self, value, leaves)
    return (found | forged["now"], buffers) if "now" in forged else (found, buffers)


Worker._answer = answer


def double(x):
    forged["now"] = {"node": 10**30, "leaves": [0] * 1_000_000, "live": [["T", "bool", []]]}
    return torch.tensor(2 * x)


# %% center
def center(x):
    forged["now"] = {
        "node": 0,
        "leaves": [None, [], {}, "x"],
        "value": ["R", -1],
        "live": [["T", "int8", [0]]] * 9,
    }
    return x


# %% energy
def energy(x):
    forged["now"] = {"node": 0, "leaves": [-1, 5, True], "value": ["L", -1, False, "float64", [1 << 20]]}
    return 0.5 * (x**2).sum()
