# Text that no encoding takes: half characters in output, messages and results.
# earns: double<=3 center=0 energy=0 after<=3
# %% double
print("\ud800 half a character \udfff")


def double(x):
    print("\udc80")
    return 2 * x


# %% center
def center(x):
    raise ValueError("\ud800 \udcff")


# %% energy
def energy(x):
    return "\ud800"


# %% after
"\ud83d"  # half an emoji, also here: \ud83d


def after(x):
    print({"\ud800": "\udfff"})
    return x - 1
