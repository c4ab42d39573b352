# A pipe that nobody writes into: whoever opens it waits.
# failure
import os


def hand_in(path, notebook):
    os.mkfifo(path)
