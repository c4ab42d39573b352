"""What every test shares: one thread, no windows, no progress bars, seeds that come from the test's own name.

dgm_helpers is not imported here at the top: its annotations are checked only if pytest's import hook comes first.
"""

import os
import zlib

import hypothesis
import pytest
import torch

os.environ["MPLBACKEND"] = "agg"
os.environ["DGM_QUIET"] = "1"
torch.set_num_threads(1)  # the sizes are small, and pytest-xdist already uses every core
hypothesis.settings.register_profile(
    "course", deadline=None, derandomize=True, max_examples=25, database=None
)
hypothesis.settings.load_profile("course")


@pytest.fixture
def generator(request) -> torch.Generator:
    """A generator whose seed is the test's name: the same numbers whichever tests run, in whatever order."""
    return torch.Generator().manual_seed(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def executor():
    """A judge for all tests of this process: in a sandbox, or without one on a machine that has none."""
    from autograder.judge.executor import ExecutorError
    from autograder.judge.pool import JudgePool

    try:
        pool = JudgePool(1)
    except ExecutorError:
        pool = JudgePool(1, trust_submissions=True)
    with pool:
        yield pool


@pytest.fixture
def ax():
    """Axes of a new figure, closed afterwards."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)
