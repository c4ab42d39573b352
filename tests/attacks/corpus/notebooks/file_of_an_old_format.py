# A notebook of the format of 2013, whose cells nest in sheets.
# failure
import json

import nbformat


def tamper(notebook):
    old = json.loads(nbformat.writes(nbformat.convert(notebook, 3), version=nbformat.NO_CONVERT))
    old["worksheets"].append({"cells": "none"})
    return json.dumps(old).encode()
