# Forks in the call, so that two processes go on with the conversation.
# earns: double<=3
# %% double
import os


def double(x):
    os.fork()
    return 2 * x
