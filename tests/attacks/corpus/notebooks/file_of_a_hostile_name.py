# A file whose name is markup, beside one whose name hides its ending.
# earns: double=3
import json


def hand_in(path, notebook):
    name = "<img src=x onerror=alert('{marker}')>.ipynb"
    (path.parent / name).write_text(json.dumps(notebook))
    (path.parent / "toy\u202ebnypi.exe").write_text("{marker}")
