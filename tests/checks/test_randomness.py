"""The inputs of test cells: fixed for a student, drawn anew for each value of DGM_CHECK_SEED."""

import pytest
import torch

from dgm_helpers import checks


@pytest.fixture(autouse=True)
def no_seed(monkeypatch):
    monkeypatch.delenv("DGM_CHECK_SEED", raising=False)


def draw(label: str) -> list[float]:
    return torch.rand(3, generator=checks.generator(label)).tolist()


def test_without_a_seed_the_label_alone_decides():
    assert draw("03/score/visible") == draw("03/score/visible")
    # The same in every process and with every version: stored outputs depend on it.
    assert checks.generator("03/score/visible").initial_seed() == 4092687088


def test_labels_draw_different_inputs():
    labels = [f"{lecture:02}/score/{kind}" for lecture in range(15) for kind in ("visible", "hidden")]
    assert len({tuple(draw(label)) for label in labels}) == len(labels)


def test_each_seed_draws_anew_and_the_same_each_time(monkeypatch):
    drawn = {tuple(draw("03/score/hidden"))}
    for seed in ("1", "2", "-1", "123456789012345678901234567890"):
        monkeypatch.setenv("DGM_CHECK_SEED", seed)
        assert draw("03/score/hidden") == draw("03/score/hidden")
        drawn.add(tuple(draw("03/score/hidden")))
    assert len(drawn) == 5


@pytest.mark.parametrize("seed", ["", "0", "00", " 0 "])
def test_zero_and_nothing_are_no_seed(monkeypatch, seed):
    without = draw("03/score/hidden")
    monkeypatch.setenv("DGM_CHECK_SEED", seed)
    assert draw("03/score/hidden") == without


@pytest.mark.parametrize("seed", ["one", "1.5", "1e3", "--5", "0x10"])
def test_a_seed_that_is_no_whole_number_is_told(monkeypatch, seed):
    monkeypatch.setenv("DGM_CHECK_SEED", seed)
    with pytest.raises(ValueError, match=f"DGM_CHECK_SEED must be a whole number or unset, got '{seed}'"):
        checks.generator("03/score/hidden")


def test_the_global_generator_is_left_alone():
    state = torch.get_rng_state()
    draw("03/score/hidden")
    assert torch.equal(torch.get_rng_state(), state)
