# Not a notebook but a link to the solutions.
# failure
import os


def hand_in(path, notebook):
    os.symlink("{canary}/solutions/01_toy/toy.ipynb", path)
