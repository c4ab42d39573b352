"""Grading a class: reading what was handed in, in parallel, to a journal and into nbgrader's gradebook."""
