# Halves of characters in the code of a cell, in its id and in the notebook's metadata.
# earns: double<=3
import json


def tamper(notebook):
    text = json.dumps(notebook)
    text = text.replace("return 2 * x", "return 2 * x  # \\ud800 \\udfff")
    return text.replace('"display_name": "Python 3"', '"display_name": "\\udc80"').encode()
