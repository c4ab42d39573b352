"""Self-contained HTML pages: one file without scripts, which loads nothing and shows foreign text only as text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.atomic import write_atomically
from autograder.reports.plain_text import plain

COLORED_CHARACTERS = 20_000  # longer code is shown without colors: a lexer can be made slow
CODE_CHARACTERS = 100_000


def render(template: str, **values: Any) -> str:
    """Return a page rendered from a template of this package.

    Every string value is escaped and passed through :func:`autograder.reports.plain_text.plain`. The page's
    policy allows only its own style sheet: no script, image, font, form or connection.
    """
    environment = _environment()
    style = environment.get_template("style.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return environment.get_template(template).render(style=Markup(style), policy=policy, **values)


def write_page(path: Path, text: str) -> None:
    """Write a page atomically: readers find the whole file or none."""
    write_atomically(path, text.encode("utf-8", "replace"))


@lru_cache(maxsize=64)  # every student of a lecture has the same tests
def code(source: str) -> Markup:
    """Return Python code as numbered lines of HTML, colored unless it is very long."""
    text = plain(source.strip("\n"), CODE_CHARACTERS)
    if len(text) <= COLORED_CHARACTERS:
        lexer, formatter = PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)
        html = highlight(text, lexer, formatter)
    else:
        html = str(Markup.escape(text))
    lines = html.rstrip("\n").split("\n")  # the highlighter closes a token of several lines at each line end
    return Markup("").join(Markup('<span class="line">{}\n</span>').format(Markup(line)) for line in lines)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["code"] = code
    environment.filters["plain"] = plain
    return environment


def _shown(value: object) -> object:
    """Return a value as a page shows it: numbers rounded, strings without invisible characters."""
    if isinstance(value, float):
        return f"{round(value, 2):g}"
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
