"""Two processes that torchrun starts learn what one process would, keep equal weights, and go on after a stop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import shared
import torch

from dgm_helpers.runtime import generator
from dgm_helpers.training import fit
from dgm_helpers.training.distributed import Processes
from dgm_helpers.training.examples import Batches


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What each of two processes came to."""
    folder = tmp_path_factory.mktemp("shared")
    script = Path(shared.__file__)
    # Neighboring tests may do the same: --standalone looks for a free port.
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        script,
        folder,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"process-{rank}.pt") for rank in (0, 1)]


def by_hand(name: str, steps: int) -> tuple[dict, list[float]]:
    """In one process: the average of both shares' losses, each with the noise that its process draws."""
    torch.manual_seed(0)
    model = shared.MODELS[name]()
    options = shared.OPTIONS
    draws = generator(options["seed"])
    batches = Batches(len(shared.IMAGES), options["batch_size"], draws)
    noises = [Processes(rank, 2).noise(options["seed"], draws) for rank in (0, 1)]
    rate = options["learning_rate"]
    players = getattr(model, "parameter_groups", lambda rate: model.parameters())
    optimizer = torch.optim.Adam(players(rate), lr=rate)
    losses = []
    for _ in range(steps):
        halves = next(batches).view(2, -1)
        loss = sum(
            model.loss(shared.IMAGES[half], generator=noise)["loss"]
            for half, noise in zip(halves, noises, strict=True)
        )
        optimizer.zero_grad()
        (loss / 2).backward()
        optimizer.step()
        losses.append(float(loss.detach() / 2))
    return model.state_dict(), losses


def close(first, second, **tolerance):
    assert first.keys() == second.keys()
    for key in first:
        torch.testing.assert_close(first[key], second[key], **tolerance)


@pytest.mark.parametrize("name", ["VAE", "GatedPixelCNN", "NICE", "GAN", "FactorVAE"])
def test_two_processes_learn_what_one_would(processes, name):
    weights, losses = by_hand(name, 5)
    result = processes[0][name]
    assert [row["step"] for row in result["rows"]] == [1, 2, 3, 4, 5]
    torch.testing.assert_close([row["loss"] for row in result["rows"]], losses, rtol=1e-4, atol=1e-4)
    close(result["whole"], weights, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["GatedPixelCNN", "PixelCNN++"])
def test_a_model_without_noise_is_the_one_that_a_single_process_trains(processes, name):
    """PixelCNN++ with its initialization by data, a schedule, SGD and an average of its weights."""
    weights, rows, _ = shared.train(name, 5)
    result = processes[0][name]
    losses, shared_losses = ([row["loss"] for row in table] for table in (rows, result["rows"]))
    torch.testing.assert_close(shared_losses, losses, rtol=1e-4, atol=1e-4)
    close(result["whole"], weights, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", shared.MODELS)
def test_both_processes_keep_the_same_weights_and_know_the_same_losses(processes, name):
    first, second = (result[name] for result in processes)
    assert first["rows"] == second["rows"]
    # Statistics of batch normalization are each one's own in training, but not where they are estimated anew.
    for key in first["whole"] if "weight_average" in shared.MORE.get(name, {}) else shared.parameters(name):
        if "num_batches" not in key:
            assert torch.equal(first["whole"][key], second["whole"][key]), key


@pytest.mark.parametrize("name", shared.MODELS)
def test_a_stopped_run_of_two_processes_goes_on_exactly(processes, name):
    for rank, result in enumerate(processes):
        assert result[name]["rows"] == result[name]["rows_again"]
        for key, value in result[name]["whole"].items():
            if rank == 0 or "running" not in key:
                assert torch.equal(value, result[name]["again"][key]), key


def test_each_process_drops_what_no_other_does_and_a_run_that_goes_on_drops_the_same(processes):
    first, second = (result["dropout"] for result in processes)
    assert len(first["masks"]) == len(second["masks"]) == 5
    for step in range(5):
        # 4 × 64 masks each: equal ones would be a chance of 2^-256.
        assert not torch.equal(first["masks"][step], second["masks"][step]), step
        for result in (first, second):
            assert torch.equal(result["masks"][step], result["masks_again"][step]), step
    assert not torch.equal(first["masks"][0], first["masks"][1])


def test_several_processes_leave_the_global_generator_as_it_was(processes):
    assert all(result["unchanged"] for result in processes)


def test_a_process_seeds_its_noise_and_its_dropout_apart_whatever_the_seed():
    for seed in (0, -7, 2**63 - 1):
        draws = []
        for rank in (0, 1):
            draws.append(torch.rand(4, generator=Processes(rank, 2).noise(seed, generator(seed))))
            with Processes(rank, 2).global_draws(seed, torch.device("cpu")):
                draws.append(torch.rand(4))
        assert len({tuple(draw.tolist()) for draw in draws}) == 4


def test_a_single_process_draws_from_the_global_generator_as_it_stands():
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    with Processes().global_draws(0, torch.device("cpu")):
        assert torch.equal(torch.rand(3), expected)


def test_a_checkpoint_that_one_process_does_not_see_is_told_in_both(processes):
    for result in processes:
        assert result["parted"].startswith("not all processes see the checkpoint in ")


def test_processes_draw_noise_of_their_own_and_share_every_batch():
    order = generator(3)
    assert Processes().noise(3, order) is order
    draws = [torch.rand(4, generator=Processes(rank, 2).noise(3, order)) for rank in (0, 1)]
    assert not torch.equal(*draws) and not torch.equal(draws[0], torch.rand(4, generator=generator(3)))
    shares = [Processes(rank, 4).share(torch.arange(8)).tolist() for rank in range(4)]
    assert shares == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")  # as a cluster's scheduler may set it
    torch.manual_seed(0)
    assert fit(shared.MODELS["VAE"](), shared.IMAGES, steps=1)["step"] == [1]
    assert not torch.distributed.is_initialized()
