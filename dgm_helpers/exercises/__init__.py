"""The visible checks of each lecture, one module per lecture, one function per check.

A notebook's setup cell imports its module as ``check``; a check cell is one call, ``check.score(score)``. The hidden
checks are in ``hidden_checks.py`` beside the source notebook, which students do not have.
"""
