"""Grading a class: submissions are graded in parallel and recorded in a journal and nbgrader's gradebook."""
