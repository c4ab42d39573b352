"""The check of what an output sees."""

import pytest
import torch

from dgm_helpers import checks
from dgm_helpers.layers.masked_conv import receptive_field


def test_a_network_that_sees_what_it_should_passes(capsys):
    field = receptive_field(3, 4, rows=2, columns=2)
    checks.sees_exactly("net", field * torch.linspace(-1, -2, 4), field)
    line = f"✓ net: sees exactly the {int(field.sum())} pixels it should see, counted over all outputs\n"
    assert capsys.readouterr().out == line


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((1, 1, 1, 2), "row 1, column 1 depends on the pixel at row 1, column 2: a later one"),
        ((1, 1, 1, 1), "row 1, column 1 depends on the pixel at row 1, column 1: itself"),
        ((2, 3, 0, 0), "row 2, column 3 depends on the pixel at row 0, column 0: out of reach"),
        ((2, 1, 1, 2), "row 2, column 1 does not see the pixel at row 1, column 2: earlier, within reach"),
    ],
)
def test_the_fault_is_reported(change, problem):
    field = receptive_field(3, 4, rows=2, columns=2)
    seen = field.clone()
    seen[change] = ~seen[change]
    with pytest.raises(checks.CheckFailed, match=problem) as raised:
        checks.sees_exactly("net", seen.double(), field, mistakes={"that one": seen})
    assert "Hint: looks like that one" in str(raised.value)


@pytest.mark.parametrize(
    "bad", [None, torch.zeros(3, 4, 3), torch.full((3, 4, 3, 4), torch.nan)], ids=["", "shape", "NaN"]
)
def test_what_is_no_influence_is_refused(bad):
    with pytest.raises(checks.CheckFailed):
        checks.sees_exactly("net", bad, receptive_field(3, 4, rows=2, columns=2))
