"""Print the Colab and Binder addresses of every lecture, for the repository that publishes this course."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from autograder.notebooks.course import Course

COLAB = "https://colab.research.google.com/github/{repository}/blob/main/lectures/{folder}/{name}.ipynb"
BINDER = "https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/lectures/{folder}/{name}.ipynb"


def links(repository: str, folder: str, name: str) -> tuple[str, str]:
    """Return the Colab and the Binder address of a notebook in a GitHub repository ``owner/name``.

    Raises:
        ValueError: if the repository is not written as ``owner/name``.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"a GitHub repository must be written as owner/name, got {repository!r}")
    return tuple(scheme.format(repository=repository, folder=folder, name=name) for scheme in (COLAB, BINDER))


def origin(root: Path) -> str | None:
    """Return ``owner/name`` of the clone's origin on GitHub, or None if the origin is not on GitHub."""
    asked = subprocess.run(
        ["git", "-C", root, "remote", "get-url", "origin"], capture_output=True, text=True, check=False
    )
    found = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", asked.stdout.strip())
    return found.group(1) if found else None


def table(course: Course, repository: str) -> str:
    """Return a Markdown table with one row per lecture of the course."""
    rows = ["| lecture | Colab | Binder |", "|---|---|---|"]
    for lecture in course.lectures():
        colab, binder = links(repository, lecture.folder, lecture.name)
        rows.append(f"| {lecture.folder} | [open]({colab}) | [open]({binder}) |")
    return "\n".join(rows)


def main() -> int:
    """Print the table for the repository given as argument, or for this clone's origin."""
    parser = argparse.ArgumentParser(prog="python -m autograder.notebooks.links", description=__doc__)
    parser.add_argument("repository", nargs="?", help="owner/name on GitHub (default: this clone's origin)")
    course = Course.find()
    repository = parser.parse_args().repository or origin(course.root)
    if repository is None:
        print(
            "links: this clone has no origin on GitHub; name one: make links REPOSITORY=owner/name",
            file=sys.stderr,
        )
        return 2
    try:
        print(table(course, repository))
    except ValueError as error:
        print(f"links: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
