"""A lecture of their own for the attacks: honest answers, visible tests, and hidden ones with secrets in them.

Every hidden test calls what it must not give away an animal's name, and draws its inputs from
``checks.generator``; :func:`secrets` says what they are for a seed.
"""

import re
from collections.abc import Container, Mapping
from pathlib import Path

import nbformat
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from dgm_helpers import checks
from dgm_helpers.checks.randomness import SEED_VARIABLE

SCOUT = (Path(__file__).parent / "scout.py").read_text()  # an honest answer for `after` that looks around
SETUP = "import math\nimport torch\nfrom dgm_helpers import checks"

SOLUTIONS = {
    "before": '''def before(x: float) -> float:
    """Return x + 1, and warn on the way."""
    import warnings

    warnings.warn("this is only a warning", stacklevel=2)
    return x + 1''',
    "double": '''def double(x: float) -> float:
    """Return 2 x."""
    return 2 * x''',
    "center": '''def center(x: torch.Tensor) -> torch.Tensor:
    """Return x [n, d] with the mean of each column taken off."""
    return x - x.mean(dim=0)''',
    "second_moment": '''def second_moment(mu, n_samples, generator):
    """Monte-Carlo estimate of E[z^2], z ~ N(mu, 1)."""
    z = mu + torch.randn(n_samples, generator=generator, dtype=torch.float64)
    return (z**2).mean()''',
    "energy": '''def energy(x: torch.Tensor) -> torch.Tensor:
    """Return half the squared length of x; differentiable."""
    return 0.5 * (x**2).sum()''',
    "Affine": '''class Affine:
    """x -> scale * x + shift."""

    def __init__(self, scale: float, shift: float):
        self.scale, self.shift = scale, shift

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * x + self.shift''',
    "after": '''def after(x: float) -> float:
    """Return x - 1."""
    print("after was called")
    return x - 1''',
}

WRONG = {
    "double": "def double(x):\n    return 3 * x",
    "center": "def center(x):\n    return x",
    "energy": "def energy(x):\n    return (x**2).sum()",
    "after": "def after(x):\n    return x + 1",
}

# By test cell: points and code. The second call of a hidden cell is one that a liar must get right too.
TESTS = {
    "before_visible": (1, 'checks.equal("x + 1", before(2.5), 3.5)'),
    "before_hidden": (
        2,
        """
rng = checks.generator("toy/before/hidden")
wallaby = 1000 * float(torch.rand((), generator=rng, dtype=torch.float64))
checks.equal("wallaby and one", before(wallaby), wallaby + 1)
""",
    ),
    "double_visible": (1, 'checks.equal("2x", double(3.0), 6.0)'),
    "double_hidden": (
        2,
        """
rng = checks.generator("toy/double/hidden")
for platypus in (1000 * torch.rand(2, generator=rng, dtype=torch.float64)).tolist():
    answer = double(platypus)
    mistakes = {"the square": platypus**2}
    checks.equal("twice the platypus", answer, 2 * platypus, mistakes=mistakes)
""",
    ),
    "center_visible": (
        1,
        "x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])\n"
        'checks.equal("centered", center(x), torch.tensor([[-1.0, -2.0], [1.0, 2.0]]))',
    ),
    # The oracle is computed after the call, from what the function was given: careless, and right.
    "center_hidden": (
        2,
        """
rng = checks.generator("toy/center/hidden")
echidna = 100 + 100 * torch.rand(5, 3, generator=rng, dtype=torch.float64)
answer = center(echidna)
checks.equal("centered echidna", answer, echidna - echidna.mean(dim=0))
checks.equal("again", center(echidna.T), echidna.T - echidna.T.mean(dim=0))
""",
    ),
    "second_moment_visible": (
        1,
        """
rng = checks.generator("toy/second_moment/visible")
rows = [second_moment(0.5, 20, rng) for _ in range(40)]
checks.mean_equals("second moment", rows, 1.25)
""",
    ),
    # The first call gets the generator that the inputs of the second are drawn from.
    "second_moment_hidden": (
        2,
        """
rng = checks.generator("toy/second_moment/hidden")
first = second_moment(0.0, 5, rng)
numbat = 2 + 3 * float(torch.rand((), generator=rng, dtype=torch.float64))
rows = [second_moment(numbat, 20, rng) for _ in range(40)]
checks.mean_equals("moment of the numbat", rows, numbat**2 + 1)
""",
    ),
    "second_moment_hidden_2": (
        2,
        """
rng = checks.generator("toy/second_moment/hidden_2")
numbat = 2 + 3 * float(torch.rand((), generator=rng, dtype=torch.float64))
first, second, third = (
    second_moment(numbat, 5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
)
checks.repeatable("numbat's second moment", first, second)
differs = float(first) != float(third)
checks.true("another seed, another numbat", differs, "the estimates are equal")
""",
    ),
    "energy_visible": (
        1,
        "x = torch.tensor([3.0, 4.0], requires_grad=True)\n"
        'checks.equal("energy", energy(x), 12.5)\n'
        'checks.equal("gradient", torch.autograd.grad(energy(x), x)[0], torch.tensor([3.0, 4.0]))',
    ),
    "energy_hidden": (
        2,
        """
rng = checks.generator("toy/energy/hidden")
dingo = 10 + 100 * torch.rand(4, generator=rng, dtype=torch.float64)
dingo.requires_grad_()
value = energy(dingo)
checks.equal("dingo's energy", value, 0.5 * (dingo.detach() ** 2).sum())
checks.equal("gradient", torch.autograd.grad(value, dingo)[0], dingo.detach())
""",
    ),
    "Affine_visible": (1, 'checks.equal("map", Affine(2.0, 1.0)(torch.ones(2)), torch.full((2,), 3.0))'),
    "Affine_hidden": (
        2,
        """
rng = checks.generator("toy/Affine/hidden")
quokka = 100 * torch.rand(4, generator=rng, dtype=torch.float64)
model = Affine(float(quokka[0]), float(quokka[1]))
checks.equal("scale of the quokka", model.scale, quokka[0])
checks.equal("map of the quokka", model(quokka), quokka[0] * quokka + quokka[1])
""",
    ),
    "after_visible": (1, 'checks.equal("x - 1", after(2.5), 1.5)'),
    "after_hidden": (
        2,
        """
rng = checks.generator("toy/after/hidden")
wombat = 1000 * float(torch.rand((), generator=rng, dtype=torch.float64))
checks.equal("wombat less one", after(wombat), wombat - 1)
""",
    ),
}

HIDDEN_WORDS = ("wallaby", "platypus", "echidna", "numbat", "dingo", "quokka", "wombat", "BEGIN HIDDEN TESTS")


def notebook(names: Container[str] = SOLUTIONS):
    """Return the lecture's source with these exercises: solutions complete, hidden tests in it."""
    cells = [new_code_cell(SETUP, id="setup", metadata={"tags": ["setup"]})]
    solutions = {name: text for name, text in SOLUTIONS.items() if name in names}
    for number, (name, solution) in enumerate(solutions.items(), start=1):
        card = f"### Exercise {number} · {name}\n\n●○○ · 1 min · {points()[name]} points"
        cells += [new_markdown_cell(card, id=f"card-{number}"), _solution_cell(name, solution)]
        cells += [
            _test_cell(test, *TESTS[test]) for test in TESTS if re.match(f"{name}_(visible|hidden)", test)
        ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def handed_in(answers: Mapping[str, str], names: Container[str] = SOLUTIONS):
    """Return what a student hands in: the released notebook with these answers in its solution cells."""
    submitted = notebook(names)
    for cell in submitted.cells:
        role = cell.metadata.get("nbgrader", {})
        if role.get("solution"):
            cell.source = answers.get(role.grade_id, SOLUTIONS[role.grade_id])
        elif "_hidden" in role.get("grade_id", ""):
            cell.source = cell.source.split("\n")[0]
    return submitted


def points(names: Container[str] = SOLUTIONS) -> dict[str, float]:
    """Return what each of these exercises can give, in the lecture's order."""
    of = {name: re.compile(f"{name}_(visible|hidden)") for name in SOLUTIONS if name in names}
    return {
        name: sum(points for test, (points, _) in TESTS.items() if pattern.match(test))
        for name, pattern in of.items()
    }


def write(path: Path) -> None:
    """Store the source."""
    nbformat.write(notebook(), path)


def spellings(number: float) -> set[str]:
    """Return how a number, or one that a test computes from it, may stand in a text; short ones say nothing."""
    near = (number, 2 * number, number + 1, number - 1, number**2)
    found = {text for n in near for text in (f"{n:.6g}", repr(n)[:8])}
    return {text for text in found if sum(map(str.isdigit, text)) >= 6}


def secrets(seed: int, monkeypatch) -> list[float]:
    """Return the numbers that the hidden tests draw as inputs under a seed."""
    with monkeypatch.context() as patch:
        patch.setenv(SEED_VARIABLE, str(seed))
        drawn = {
            "toy/before/hidden": lambda rng: 1000 * torch.rand((), generator=rng, dtype=torch.float64),
            "toy/double/hidden": lambda rng: 1000 * torch.rand(2, generator=rng, dtype=torch.float64),
            "toy/center/hidden": lambda rng: 100 + 100 * torch.rand(5, 3, generator=rng, dtype=torch.float64),
            "toy/second_moment/hidden_2": lambda rng: (
                2 + 3 * torch.rand((), generator=rng, dtype=torch.float64)
            ),
            "toy/energy/hidden": lambda rng: 10 + 100 * torch.rand(4, generator=rng, dtype=torch.float64),
            "toy/Affine/hidden": lambda rng: 100 * torch.rand(4, generator=rng, dtype=torch.float64),
            "toy/after/hidden": lambda rng: 1000 * torch.rand((), generator=rng, dtype=torch.float64),
        }
        inputs = [draw(checks.generator(label)).flatten() for label, draw in drawn.items()]
    return torch.cat(inputs).tolist()


def _role(name: str, **others):
    return {"nbgrader": {"schema_version": 3, "grade_id": name, "task": False, **others}}


def _solution_cell(name: str, source: str):
    metadata = _role(name, grade=False, solution=True, locked=False)
    return new_code_cell(source, id=name.replace("_", "-"), metadata=metadata)


def _test_cell(name: str, points: int, source: str):
    if "_hidden" in name:
        source = f"# The same on other inputs.\n### BEGIN HIDDEN TESTS{source}### END HIDDEN TESTS"
    metadata = _role(name, grade=True, solution=False, locked=True, points=points)
    return new_code_cell(source.strip(), id=name.replace("_", "-"), metadata=metadata)
