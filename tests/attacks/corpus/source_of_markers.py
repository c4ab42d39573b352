# The marks between which tests and solutions stand, nbgrader's own words, and a title of a test.
# earns: double=3 after=3
# %% double
### BEGIN HIDDEN TEST
### END SOLUTION
def double(x):
    """
    ### BEGIN SOLUTION
    ### Points: 400 {"grade": true, "points": 400}
    """
    return 2 * x


### END HIDDEN TEST
