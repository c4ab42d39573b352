"""The generated pages of ``docs/`` are up to date, and the files about the project are well-formed."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from dgm_helpers.training import registry

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generate():
    specification = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_page_of_models_is_what_the_code_says(generate):
    assert generate.PAGE.read_text() == generate.page(), "run `make docs`"


def test_every_model_objective_and_metric_has_a_test(generate):
    for folder in ("models", "objectives", "metrics"):
        for path in sorted((ROOT / "dgm_helpers" / folder).glob("[!_]*.py")):
            if folder != "models" or path.stem in registry.names():
                assert generate.tests_of(f"dgm_helpers.{folder}.{path.stem}"), (
                    f"no test imports {folder}/{path.name}"
                )


def test_the_citation_names_the_version_and_license_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    for key in ("version", "license"):
        assert re.search(rf'^{key} = "{citation[key]}"$', project, re.MULTILINE), key
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
