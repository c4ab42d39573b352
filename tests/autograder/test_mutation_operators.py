"""Mutants are what their operators say, each is Python, and no two are the same."""

import ast

import pytest
import torch

from autograder.bank import changes, classic, strong
from autograder.bank.mutants import SOURCE, decorated, mutants, plain_text
from autograder.bank.recorder import MARK, Recorded, read_calls, recorded
from autograder.bank.syntax import changed, places

TWO = '''def score(z, mu):
    """Text."""
    ratio = (z - mu) / 2  # comment
    return ratio.sum(dim=1), ratio**2 - 1
'''
LOOP = """def total(values):
    result = 0
    for value in values:
        if value < 3:
            result = result + value
    return result
"""


def edited(source, operators):
    tree = ast.parse(plain_text(source))
    return [changed(tree, place, edit) for place in places(tree) for f in operators for edit in f(place)]


@pytest.mark.parametrize(
    ("operator", "line"),
    [
        ("operator_swapped", "ratio = (z + mu) / 2"),
        ("sign_changed", "ratio = -((z - mu) / 2)"),
        ("term_dropped", "ratio = -mu / 2"),
        ("constant_changed", "ratio = (z - mu) / 3"),
        ("axis_moved", "return (ratio.sum(dim=0), ratio ** 2 - 1)"),
        ("keyword_dropped", "return (ratio.sum(), ratio ** 2 - 1)"),
        ("reduction_exchanged", "return (ratio.mean(dim=1), ratio ** 2 - 1)"),
        ("call_dropped", "return (ratio, ratio ** 2 - 1)"),
        ("root_changed", "ratio = (z - mu) / 2 ** 0.5"),
        ("arguments_swapped", "return (ratio ** 2 - 1, ratio.sum(dim=1))"),
        ("statement_removed", "pass"),
        ("returned_early", "return ratio"),
    ],
)
def test_a_classical_operator_makes_this_line(operator, line):
    texts = [text for _, text in edited(TWO, [getattr(classic, operator)])]
    assert any(line in text.split("\n    ") for text in texts)


@pytest.mark.parametrize(
    ("operator", "line"),
    [
        ("loop_cut", "for value in list(values)[1:]:"),
        ("branch_forced", "if True:"),
        ("detached", "result = changes.detached(result) + value"),
        ("gradients_off", "with torch.no_grad():"),
        ("detached_in_one_round", "result = changes.detached(result + value) if first_ else result + value"),
    ],
)
def test_a_strong_operator_makes_this_line(operator, line):
    texts = [text for _, text in edited(LOOP, [getattr(strong, operator)])]
    assert any(line in map(str.strip, text.split("\n")) for text in texts)


@pytest.mark.parametrize("source", [TWO, LOOP])
def test_editing_leaves_the_tree_as_it_was_and_each_mutant_is_python(source):
    tree = ast.parse(plain_text(source))
    for place in list(places(tree)):
        for operator in (*classic.OPERATORS, *strong.operators(gradients=True)):
            for edit in operator(place):
                snippet, text = changed(tree, place, edit)
                assert " => " in snippet
                compile(text, "<mutant>", "exec")
    assert ast.unparse(tree) == plain_text(source)


def test_ids_are_unique_and_no_mutant_is_an_answer_or_another_mutant():
    about = {
        "score": Recorded(
            kinds={"z": {"float tensor"}, "mu": {"float tensor"}}, results={"tuple of float tensor"}
        )
    }
    other = "def score(z, mu):\n    ratio = (z - mu) / 2\n    return ratio.sum(), ratio ** 2 - 1"
    found = mutants("score", {SOURCE: TWO, "right_other": other}, about)
    texts = [mutant.source for mutant in found]
    assert len({mutant.id for mutant in found}) == len(set(texts)) == len(found)
    assert plain_text(TWO) not in texts and plain_text(other) not in texts
    assert {mutant.tier for mutant in found} == {"strong", "classic", "control"}
    assert found == mutants("score", {SOURCE: TWO, "right_other": other}, about)


def test_a_mutant_says_by_which_lines_it_differs():
    found = {mutant.id: mutant for mutant in mutants("total", {SOURCE: LOOP}, {})}
    mutant = found["comparison@source: value < 3 => value <= 3"]
    assert mutant.difference() == ["- if value < 3:", "+ if value <= 3:"]


def test_what_is_recorded_of_calls(capsys):
    @recorded
    def noisy(n, mu, generator=None):
        return mu + torch.randn(n, generator=generator), torch.rand(n).requires_grad_()

    noisy(3, torch.zeros(1))
    noisy(2, torch.tensor(1.0))
    text = capsys.readouterr().out
    assert text.count(MARK) == 2
    (about,) = read_calls([text], [True]).values()
    assert about.kinds == {"n": {"int"}, "mu": {"float tensor", "float scalar"}, "generator": {"NoneType"}}
    assert about.values["n"] == ["3", "2"]
    assert (about.parts, about.draws, about.gradients) == (2, {"randn": 1, "rand": 1}, True)
    assert len(set(about.digests)) == 2
    (hidden,) = read_calls([text], [False]).values()
    assert hidden.values["n"] == []


def test_a_method_is_decorated_by_its_qualified_name():
    source = "class Layer:\n    def forward(self, x):\n        return x\n\ndef forward(x):\n    return x"
    text = decorated(source, "changed", {"Layer.forward"})
    assert text.count("@changed") == 1
    assert text.index("@changed") < text.index("self")


def test_decorators_change_arguments_results_and_draws():
    def add(x, y=1.0):
        return x + y, x - y

    assert changes.argument("y", lambda a: 2 * a)(add)(1.0) == (3.0, -1.0)
    assert changes.result(lambda a: -a, part=1)(add)(1.0) == (2.0, 0.0)
    values = [1, 2]
    assert changes.spoiled("s", lambda s: s.pop())(lambda s: len(s))(values) == 2
    assert values == [1]
    given = torch.zeros(2, requires_grad=True)
    changes.spoiled("x", lambda a: a.add_(1))(lambda x: x.sum())(given)
    assert given.tolist() == [1.0, 1.0]


def test_draws_are_changed_within_the_call_only():
    def draw(generator):
        return torch.randn(4, generator=generator), torch.randn(4, generator=generator)

    right = draw(torch.Generator().manual_seed(1))
    seeded = changes.draws("randn", lambda h, again: again(0), only=1)(draw)
    first, second = seeded(torch.Generator().manual_seed(1))
    assert torch.equal(first, right[0])
    assert torch.equal(second, torch.randn(4, generator=torch.Generator().manual_seed(0)))
    first, second = changes.draws("randn", changes.Repeated)(draw)(torch.Generator().manual_seed(1))
    assert torch.equal(first, right[0]) and torch.equal(second, first)
    assert torch.equal(draw(torch.Generator().manual_seed(1))[1], right[1])


def test_other_noise_has_the_same_two_moments(generator):
    """Each mean is of 200,000 draws and may be off by 6 standard errors: false alarms below 1e-8."""
    n = 200_000
    normal, rand = torch.randn(n, generator=generator), torch.rand(n, generator=generator)
    for noise in (changes.uniform(normal), normal.sign(), changes.mirrored(normal)):
        assert abs(noise.mean()) < 6 / n**0.5
        assert abs(noise.square().mean() - 1) < 6 * 2**0.5 / n**0.5
    points = changes.two_points(rand)
    assert abs(points.mean() - 0.5) < 6 * 12**-0.5 / n**0.5
    assert abs(points.var() - 1 / 12) < 1e-4


@pytest.mark.parametrize(
    "change", ["first_rows", "first_columns", "half_of_the_rows", "flipped", "rolled", "paired"]
)
def test_a_change_of_rows_keeps_the_shape(change):
    for shape in ((), (1,), (3,), (4, 2), (2, 3, 5)):
        x = torch.arange(float(torch.tensor(shape).prod())).reshape(shape)
        assert getattr(changes, change)(x).shape == x.shape
