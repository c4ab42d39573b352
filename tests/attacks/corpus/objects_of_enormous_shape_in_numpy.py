# Arrays that overlap themselves, lie about their memory, or hold no numbers.
# earns: double=0 center=0 energy=0 second_moment=0
# %% double
import numpy


def double(x):
    return numpy.broadcast_to(numpy.float64(2 * x), (10**12,))


# %% center
def center(x):
    return numpy.lib.stride_tricks.as_strided(numpy.zeros(1), x.shape, (1 << 30, 1 << 30))


# %% energy
def energy(x):
    return numpy.array([checks, open, double], dtype=object)


# %% second_moment
def second_moment(mu, n_samples, generator):
    return numpy.ma.masked_array([mu**2 + 1], mask=[True])
