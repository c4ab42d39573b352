# A folder with the notebook's name, and the notebook in it.
# failure
def hand_in(path, notebook):
    (path / path.name).mkdir(parents=True)
