"""Library functions have names that lead back to them, everything else has none."""

import inspect
import json
import os
import subprocess

import numpy as np
import pytest
import torch

from autograder.wire.names import find, name_of

LIBRARIES = [
    *(
        torch,
        torch.nn.functional,
        torch.special,
        torch.linalg,
        torch.fft,
        torch.nn.init,
        np,
        np.linalg,
        np.fft,
    ),
]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.__name__)
def test_every_function_of_a_numeric_library_is_found_by_its_name(library):
    public = [thing for name, thing in vars(library).items() if not name.startswith("_")]
    functions = [thing for thing in public if inspect.isroutine(thing)]
    assert len(functions) > 10
    assert [f for f in functions if name_of(f) is None or find(*name_of(f)) is not f] == []


def test_every_module_class_of_torch_is_found_by_its_name():
    classes = [thing for thing in vars(torch.nn).values() if isinstance(thing, type)]
    assert len(classes) > 100
    assert [c for c in classes if find(*name_of(c)) is not c] == []


def test_numpys_functions_that_do_not_say_where_they_live_are_found():
    ufuncs = [thing for thing in vars(np).values() if isinstance(thing, np.ufunc)]
    assert len(ufuncs) > 50
    assert [f for f in ufuncs if find(*name_of(f)) is not f] == []


def impostor():
    """A function that calls itself torch's."""


impostor.__module__, impostor.__qualname__, impostor.__name__ = "torch", "exp", "exp"


@pytest.mark.parametrize(
    "thing",
    [
        impostor,
        os.system,
        subprocess.run,
        json.loads,
        lambda: 1,
        os,
        torch,
        torch.nn,
        1.0,
        "torch.exp",
        None,
        torch.float32,
        torch.ones(1).sum,
    ],
)
def test_what_only_pretends_to_be_of_a_library_has_no_name(thing):
    assert name_of(thing) is None


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("os", "system"), ("torchx", "exp"), ("", "exp"), ("subprocess", "run"), ("__main__", "x")),
        *(
            ("torch", "no_such_function"),
            ("torch.nn", "Linear.no_such_method"),
            ("dgm_helpers", "checks.nothing"),
        ),
    ],
)
def test_what_is_no_name_of_a_library_is_not_found(module, name):
    with pytest.raises(LookupError, match=rf"{module} (is not a library|has no {name})"):
        find(module, name)


def test_a_module_that_is_not_yet_imported_is_imported():
    assert find("torch.distributions.utils", "logits_to_probs").__name__ == "logits_to_probs"
