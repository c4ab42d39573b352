"""Downloads from Canvas, Moodle and people, made up, and what becomes of them."""

import io
import json
import stat
import zipfile

import nbformat
from toy_course import toy_notebook

from autograder.intake.collect import collect


def book(text="handed in"):
    notebook = toy_notebook()
    notebook.cells[0].source = text
    return nbformat.writes(notebook).encode()


def zipped(files, flags=None):
    """Bytes of an archive with these files: name to content, or to content and time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, time = content if isinstance(content, tuple) else (content, (2024, 5, 6, 7, 8, 10))
            info = zipfile.ZipInfo(name, time)
            info.external_attr = (flags or {}).get(name, stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return data.getvalue()


def gatherer(course, lecture, root):
    """Collect these files, out of an archive or, with ``folder=True``, out of a folder."""

    def gather(files, *, folder=False, force=False, flags=None, lecture=lecture):
        root.mkdir(exist_ok=True)
        if not folder:
            path = root / "all.zip"
            path.write_bytes(files if isinstance(files, bytes) else zipped(files, flags))
            return collect(course, path, lecture, force=force)
        for name, content in files.items():
            path = root / "all" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return collect(course, root / "all", lecture, force=force)

    return gather


def texts(root):
    """What lies in a folder of submissions: path to text of the first cell, or of the file."""
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        text = path.read_text(encoding="utf-8")
        cells = json.loads(text)["cells"] if path.suffix == ".ipynb" else None
        found[str(path.relative_to(root))] = "".join(cells[0]["source"]) if cells else text.strip()
    return found


def outcomes(collected):
    """Name to what became of it."""
    return {one.student: str(one.outcome) for one in collected}


def note(collected):
    """All that is said."""
    return "; ".join(text for one in collected for text in one.notes)
