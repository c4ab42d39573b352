# Remembers the hidden inputs and prints them in a later exercise, in its cell and in its visible test.
# earns: double=3 center=3 after=3
# %% double
seen = []


def double(x):
    seen.append(x)
    return 2 * x


# %% center
print("double was given", seen)


def center(x):
    print("double was given", seen, "and center", x.tolist())
    seen.append(x.tolist())
    return x - x.mean(dim=0)


# %% after
print("double was given", seen)


def after(x):
    print("double was given", seen)
    return x - 1
