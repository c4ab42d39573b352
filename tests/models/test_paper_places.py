"""Every preset called `paper` names the place of its numbers, and nothing is quoted from memory."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import dgm_helpers
from dgm_helpers import models

MODULES = [
    importlib.import_module(f"{models.__name__}.{m.name}") for m in pkgutil.iter_modules(models.__path__)
]
PAPERS = [
    (module, table, preset)
    for module in MODULES
    for table in ("PRESETS", "TRAINING")
    for preset in getattr(module, table, {})
    if preset.startswith("paper")
]
PLACE = re.compile(
    r"\b(section|appendix|table|figure|C\.\d|README|\w+\.(py|yaml)|same (file|command))", re.IGNORECASE
)
FROM_MEMORY = re.compile(
    r"(quote[sd]?|cited?) from memory|\bas remembered|not read again|not at hand|(text|table) was not"
)


def comment_above(source: str, table: str, preset: str) -> str:
    """Return the last comment before a preset's first mention in a table of a module's source."""
    inside = re.search(rf"^{table} = {{\n(.*?)^}}", source, re.DOTALL | re.MULTILINE)[1]
    before = inside[: inside.index(f'"{preset}"')]
    blocks = re.findall(r"(?:^ *#.*\n)+", before, re.MULTILINE)
    return blocks[-1] if blocks else ""


def test_there_are_papers_to_check():
    assert len(PAPERS) >= 40


@pytest.mark.parametrize(
    ("module", "table", "preset"), PAPERS, ids=lambda part: getattr(part, "__name__", part).rpartition(".")[2]
)
def test_a_paper_preset_names_the_place_of_its_numbers(module, table, preset):
    comment = comment_above(inspect.getsource(module), table, preset)
    # Steps and batches that a paper does not state are ours, and the comment says so.
    assert PLACE.search(comment) or (table == "TRAINING" and "ours" in comment), comment


def test_a_comment_without_a_place_is_refused():
    source = 'PRESETS = {\n    # Table 2.\n    "paper": {"units": 1},\n    # Their numbers.\n    "paper_2": {},\n}\n'
    assert PLACE.search(comment_above(source, "PRESETS", "paper"))
    assert not PLACE.search(comment_above(source, "PRESETS", "paper_2"))
    assert comment_above(source.replace("    # Table 2.\n", ""), "PRESETS", "paper") == ""


def test_nothing_is_quoted_from_memory():
    assert FROM_MEMORY.search("on 32 GPUs (quoted from memory: no copy of the text was at hand)")
    files = [*Path(dgm_helpers.__file__).parent.rglob("*.py"), *Path(__file__).parents[2].glob("*.md")]
    assert len(files) > 100
    assert [path.name for path in files if FROM_MEMORY.search(path.read_text(encoding="utf-8"))] == []
