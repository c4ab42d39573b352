# The folder of the submission is a link to that of the solutions.
# failure
import os


def hand_in(path, notebook):
    path.parent.rmdir()
    os.symlink("{canary}/solutions/01_toy", path.parent)
