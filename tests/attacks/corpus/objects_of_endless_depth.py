# Lists within lists, one that contains itself, and a dict of hostile keys.
# earns: double=0 center=0 energy=0 second_moment=0
# %% double
def double(x):
    value = 2 * x
    for _ in range(100_000):
        value = [value]
    return value


# %% center
def center(x):
    value = []
    value.append(value)
    return (value, {"self": value})


# %% energy
class Key:
    def __hash__(self):
        return 1

    def __eq__(self, other):
        raise SystemExit(0)

    def __repr__(self):
        raise SystemExit(0)


def energy(x):
    return {Key(): 1, ("t", ("d",)): [Key()], float("nan"): 2}


# %% second_moment
def second_moment(mu, n_samples, generator):
    class Dict(dict):
        def items(self):
            raise GeneratorExit

    return Dict(a=1)
