# Numbers that JSON allows and nobody can hold, doubled keys, and what JSON does not allow.
# earns: double<=3
import json


def tamper(notebook):
    text = json.dumps(notebook)
    text = text.replace(
        '"points": 1', '"points": 1, "points": 1e99999, "x": NaN, "y": -Infinity, "z": ' + "9" * 4000
    )
    return text.encode()
