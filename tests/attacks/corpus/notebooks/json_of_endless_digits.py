# A number of a hundred thousand digits.
# failure
import json


def tamper(notebook):
    return json.dumps(notebook).replace('"nbformat": 4', '"nbformat": 4, "x": ' + "9" * 100_000).encode()
