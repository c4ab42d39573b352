"""The rooms of the house: each imports only the rooms below it, and no module imports itself through others."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the bottom up. A room may import those before it; `if TYPE_CHECKING` counts like any other import.
# `style` is below `runtime`, because `runtime.set_up` applies the plot style; `kernels` is below `objectives` and
# `layers`, which call it; `objectives` is below `layers`, which read pixels as `objectives.pixel_levels` defines them;
# `metrics` is above `models`, because it asks by `models.protocol` what a model can do.
LIBRARY = (
    "style",
    "runtime",
    "kernels",
    "checks",
    "data",
    "objectives",
    "layers",
    "plots",
    "models",
    "metrics",
    "training",
    "pretrained",
    "exercises",
    "widgets",
    "installation",
)
AUTOGRADER = (
    "atomic",
    "tables",
    "wire",
    "student",
    "notebooks",
    "judge",
    "submission",
    "gradebook",
    "intake",
    "bank",
    "runs",
    "reports",
    "commands",
    "cli",
    "__main__",
)
ROOMS = {"dgm_helpers": LIBRARY, "autograder": AUTOGRADER}
EVERY_ROOM = [(package, name) for package, names in ROOMS.items() for name in names]


@cache
def modules(package: str) -> dict[str, Path]:
    """Return the files of a package by dotted name."""
    files = (ROOT / package).rglob("*.py")
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


@cache
def imports(package: str) -> dict[str, frozenset[str]]:
    """Return which modules of a package each of its modules imports, anywhere in it."""
    known = modules(package)
    return {
        name: frozenset(target for target in _targets(path, known) if target != name)
        for name, path in known.items()
    }


def _targets(path: Path, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def room(module: str) -> str:
    """Return the room that a module is in."""
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("package", ROOMS)
def test_every_room_is_listed(package: str) -> None:
    assert {room(module) for module in modules(package)} - {""} == set(ROOMS[package])


@pytest.mark.parametrize(("package", "name"), EVERY_ROOM)
def test_a_room_imports_only_rooms_below_it(package: str, name: str) -> None:
    allowed = {"", *ROOMS[package][: ROOMS[package].index(name) + 1]}
    upward = [
        f"{module} imports {target}"
        for module, targets in imports(package).items()
        if room(module) == name
        for target in targets
        if room(target) not in allowed
    ]
    assert upward == []


def test_the_library_imports_nothing_of_the_autograder() -> None:
    for name, path in modules("dgm_helpers").items():
        assert not list(_targets(path, modules("autograder"))), name


@pytest.mark.parametrize("package", ROOMS)
def test_no_module_imports_itself_through_others(package: str) -> None:
    left = dict(imports(package))
    while True:  # take away what imports nothing that is left; a circle stays
        free = [module for module, targets in left.items() if not targets & left.keys()]
        if not free:
            break
        for module in free:
            del left[module]
    circle = {module: sorted(targets & left.keys()) for module, targets in left.items()}
    assert circle == {}


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_no_product_file_looks_like_a_test() -> None:
    assert [name for name in modules("autograder") if name.split(".")[-1].startswith("test_")] == []


def test_a_module_is_named_once() -> None:
    """A command's module has the command's name, and a room's first module can have the room's."""
    names = [name.split(".")[1:] for name in modules("autograder") if room(name) != "commands"]
    assert repeated(parts[-1] for parts in names if parts and parts != [parts[0]] * 2) == []


def test_a_class_is_named_once() -> None:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules("autograder").values())
    assert repeated(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)) == []


def test_no_test_imports_a_conftest() -> None:
    """Fixtures come by name; whatever a test imports is in a plain module, so that its file can be found."""
    importing = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == "conftest")
        or (isinstance(node, ast.Import) and any(a.name.split(".")[-1] == "conftest" for a in node.names))
    ]
    assert importing == []
