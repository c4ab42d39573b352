"""From the lectures' source notebooks to student versions, grades and feedback.

nbgrader keeps the metadata, the gradebook and the exporters; this package finds the lectures
(:mod:`autograder.course`), runs their cells (:mod:`autograder.executor`), turns outputs into points
(:mod:`autograder.grading`), and plugs the two into nbgrader (:mod:`autograder.nbgrader_plugin`).
"""
