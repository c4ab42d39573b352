"""Limits on a submission's text; the student's end cuts to be brief, the judge's because it does not trust it."""

NAME_CHARACTERS = 100  # an exception's class name
MESSAGE_CHARACTERS = 4_000
TRACEBACK_CHARACTERS = 20_000
OUTPUT_COST = 50  # characters that each output of a cell counts for, in addition to its content
CUT = "\n… the rest of the output was cut\n"
