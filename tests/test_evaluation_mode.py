"""Evaluation mode for a while, and each module's own mode again."""

import pytest
from torch import nn

from dgm_helpers.runtime import evaluation_mode


def test_each_part_gets_its_own_mode_again_also_after_an_error():
    model = nn.Sequential(
        nn.Dropout(), nn.BatchNorm1d(3).eval(), nn.Sequential(nn.Dropout().eval(), nn.Dropout())
    )
    before = [part.training for part in model.modules()]
    assert True in before and False in before
    with evaluation_mode(model):
        assert not any(part.training for part in model.modules())
    assert [part.training for part in model.modules()] == before
    with pytest.raises(KeyError), evaluation_mode(model):
        raise KeyError
    assert [part.training for part in model.modules()] == before
