# A link to a device that never ends.
# failure
import os


def hand_in(path, notebook):
    os.symlink("/dev/zero", path)
