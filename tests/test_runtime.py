"""Seeds, devices, and that importing the package does no work."""

import os
import platform
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from dgm_helpers import runtime


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("DGM_DEVICE", "cpu")


def test_set_up_fixes_all_three_generators_and_says_so(capsys):
    device = runtime.set_up(seed=7)
    assert capsys.readouterr().out == "seed 7, computing on cpu\n"
    assert device == torch.device("cpu")
    first = drawn()
    runtime.set_up(seed=7)
    assert drawn() == first
    runtime.set_up(seed=8)
    assert all(one != other for one, other in zip(drawn(), first, strict=True))


@pytest.mark.parametrize("seed", [0, 2**32 + 1, -1])
def test_any_whole_number_is_a_seed(seed):
    runtime.seed_everything(seed)
    first = drawn()
    runtime.seed_everything(seed)
    assert drawn() == first


def test_set_up_applies_the_style():
    import matplotlib

    matplotlib.rcdefaults()
    runtime.set_up()
    assert matplotlib.rcParams["axes.spines.top"] is False


def test_a_generator_is_new_and_leaves_the_global_one_alone():
    state = torch.get_rng_state()
    draws = [torch.rand(3, generator=runtime.generator(seed)).tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("unset", [True, False])
def test_without_a_wish_the_device_is_the_gpu_if_there_is_one(monkeypatch, unset):
    if unset:
        monkeypatch.delenv("DGM_DEVICE")
    else:
        monkeypatch.setenv("DGM_DEVICE", "")
    for available, kind in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        assert runtime.choose_device().type == kind


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:x", "tpu9000"])
def test_a_device_that_is_not_there_is_told_in_one_sentence(monkeypatch, name):
    monkeypatch.setenv("DGM_DEVICE", name)
    with pytest.raises(
        ValueError, match=f"^DGM_DEVICE must be a device that torch can use here, got '{name}': unset it"
    ) as error:
        runtime.choose_device()
    assert "\n" not in str(error.value)


def test_importing_the_package_does_no_work():
    heavy = ("torch", "numpy", "scipy", "matplotlib", "ipywidgets", "sklearn", "IPython", "jaxtyping")
    program = f"import dgm_helpers, sys; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=True
    )
    assert run.stdout.strip() == "[]"


def test_importing_a_part_leaves_the_others_out():
    program = (
        "import sys; from dgm_helpers import checks, data; "
        "from dgm_helpers.models import vae; from dgm_helpers.objectives import distributions; "
        "print([m for m in ('matplotlib', 'ipywidgets', 'sklearn', 'IPython', 'pooch') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library keeps memory by rules of its own"
)
def test_freed_memory_is_kept_for_the_next_tensors():
    """Pages that the system maps anew in a step of this model: without the call up to 1,000, with it 15 at most."""
    script = """
import resource, torch
from dgm_helpers.models.iwae import IWAE
from dgm_helpers.kernels.memory import keep_freed_memory

def train(steps):
    for _ in range(steps):
        model.zero_grad(set_to_none=True)
        model.loss(images)["loss"].backward()

keep_freed_memory()
torch.set_num_threads(1)
model, images = IWAE(hidden=((200, 200),), latent_dims=(50,), samples=50), torch.rand(20, 784).round()
train(5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
train(20)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 60


def test_numbers_are_drawn_where_the_generator_is():
    meta = torch.device("meta")
    assert runtime.drawing_device(runtime.generator(), meta) == torch.device("cpu")
    assert runtime.drawing_device(None, meta) == meta and runtime.drawing_device(None) is None
