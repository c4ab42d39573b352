# Gradients that are texts, of other lengths, of other devices, and none at all.
# earns: energy<=1
# %% energy
from autograder.student.worker import Worker

answers = iter([["x"], [], [None] * 50, [torch.zeros(7)], [torch.zeros(0, 3)], [torch.zeros(4) * 1j], 5])
Worker._do_differentiate = lambda self, request, body: self._answer(next(answers, None), [])


def energy(x):
    return 0.5 * (x**2).sum()
