"""The tests of the checks themselves: answers run as in a notebook, and wrong answers made by program."""
