"""How much text of a submission is kept; the student's end cuts it to be brief, the judge's since it trusts nobody."""

NAME_CHARACTERS = 100  # of an exception's class
MESSAGE_CHARACTERS = 4_000
TRACEBACK_CHARACTERS = 20_000
OUTPUT_COST = 50  # characters that each output of a cell counts for, beside what is in it
CUT = "\n… the rest of the output was cut\n"
