"""Tools that turn the lectures' source notebooks into student versions, grades and feedback.

nbgrader keeps the metadata, the gradebook and the exporters; this package finds the lectures
(:mod:`autograder.notebooks.course`), runs their cells (:mod:`autograder.judge.executor`), turns outputs into points
(:mod:`autograder.submission.grading`), and plugs the two into nbgrader (:mod:`autograder.gradebook.nbgrader_plugin`).
"""
