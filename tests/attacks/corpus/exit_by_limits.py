# Sets its own limits to nothing and its priority to the worst, then calculates.
# earns: double<=3 center<=3 second_moment<=5 energy<=3 Affine<=3
# %% double
import os
import resource

os.nice(19)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))


def double(x):
    return 2 * x
