"""Shifted convolutions: what they see, what is dropped, and how a first batch scales them."""

import pytest
import torch

from dgm_helpers.layers.shifted_conv import (
    GatedResidual,
    ShiftedConv2d,
    ShiftedUpsample2d,
    concat_elu,
    drop,
    initialize,
    shift_down,
    shift_right,
    with_ones,
)


def test_shifts_move_by_one_and_fill_with_zeros():
    x = torch.arange(1.0, 7).view(1, 1, 2, 3)
    assert shift_down(x)[0, 0].tolist() == [[0, 0, 0], [1, 2, 3]]
    assert shift_right(x)[0, 0].tolist() == [[0, 1, 2], [0, 4, 5]]


@pytest.mark.parametrize(("shift", "kernel"), [("down", (2, 3)), ("down_right", (2, 2))])
def test_what_a_pixel_sees_through_a_step_down_and_up_again(shift, kernel):
    torch.manual_seed(0)
    halve = ShiftedConv2d(1, 1, kernel, shift, stride=2).double()
    double = ShiftedUpsample2d(1, kernel, shift).double()
    jacobian = torch.func.jacrev(lambda x: double(halve(x)))(torch.randn(1, 1, 8, 8).double()).abs()[
        0, 0, :, :, 0, 0
    ]
    assert jacobian.shape == (8, 8, 8, 8)
    for row in range(8):
        for column in range(8):
            rows, columns = jacobian[row, column].nonzero(as_tuple=True)
            assert rows.max() <= row and rows.min() <= row - row % 2
            if shift == "down_right":
                assert columns.max() <= column
            elif 0 < column < 7:
                assert columns.max() > column  # the row above is seen on both sides


def test_dropout_drops_single_elements_from_its_generator_and_keeps_the_mean(generator):
    x = torch.ones(50, 40, 10, 10)
    dropped = drop(x, 0.5, generator)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    # 200,000 fair coins: the mean is 1 within 5 standard errors of 1 / 447.
    assert abs(dropped.mean() - 1) < 5 / 447
    assert (
        dropped.mean(dim=(2, 3)).min() > 0 and dropped.mean(dim=(2, 3)).max() < 2
    )  # no whole feature at once
    first, again = (drop(x, 0.5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    # Of a probability that is not a half: a fifth is dropped, within 5 standard errors of 1 / 1118.
    dropped = drop(x, 0.2, generator)
    assert (
        set(dropped.unique().tolist()) == {0.0, 1.25} and abs((dropped == 0).double().mean() - 0.2) < 5 / 1118
    )


@torch.no_grad()
def test_a_gated_block_is_its_formula():
    torch.manual_seed(0)
    block = GatedResidual(3, (1, 1), "down_right", side_channels=2, classes=4).double()
    for parameter in block.parameters():
        parameter.add_(torch.randn_like(parameter))
    x, side, label = torch.randn(5, 3).double(), torch.randn(5, 2).double(), torch.tensor([0, 3, 1, 2, 3])

    def linear(conv, values):
        return values @ conv.kernel()[:, :, 0, 0].T + conv.bias

    def both_signs(values):
        return torch.nn.functional.elu(torch.cat([values, -values], dim=1))

    hidden = linear(block.first, both_signs(x)) + linear(block.side, both_signs(side))
    gates = linear(block.second, both_signs(hidden)) + block.condition.weight[label]
    expected = x + gates[:, :3] / (1 + torch.exp(-gates[:, 3:]))
    found = block(x[:, :, None, None], side[:, :, None, None], label)
    torch.testing.assert_close(found[..., 0, 0], expected)


@torch.no_grad()
def test_a_block_scaled_to_a_first_batch_starts_near_the_identity(generator):
    torch.manual_seed(0)
    block = GatedResidual(8, (2, 2), "down_right").double()
    x = torch.randn(30, 8, 6, 6, generator=generator, dtype=torch.float64)
    initialize(block, block, x)
    # a has the standard deviation 0.1, and its gate is near a half.
    assert 0.02 < (block(x) - x).std() < 0.1


def test_a_channel_of_ones_tells_padding_from_gray():
    x = torch.zeros(2, 3, 4, 5)
    padded = with_ones(x)
    assert torch.equal(padded[:, :3], x) and padded.shape == (2, 4, 4, 5) and padded[:, 3].eq(1).all()


def test_dropout_is_for_training_alone(generator):
    torch.manual_seed(0)
    block, x = GatedResidual(4, (2, 2), "down_right", dropout=0.5), torch.randn(2, 4, 5, 5)
    assert not torch.equal(block(x, generator=generator), block(x, generator=generator))
    block.eval()
    assert torch.equal(block(x, generator=generator), block(x, generator=generator))


@pytest.mark.parametrize("probability", [0.2, 0.5])
def test_dropout_stands_between_the_convolutions_behind_the_activation_and_nowhere_else(probability):
    torch.manual_seed(0)
    block, x = GatedResidual(4, (2, 2), "down_right", dropout=probability), torch.randn(2, 4, 5, 5)
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    hidden = drop(concat_elu(block.first(concat_elu(x))), probability, one)
    a, b = block.second(hidden).chunk(2, dim=1)
    torch.testing.assert_close(block(x, generator=other), x + a * b.sigmoid())
    assert torch.equal(one.get_state(), other.get_state())  # nothing else has been drawn


def test_concatenated_elu_is_of_both_signs():
    x = torch.tensor([[1.0, -2.0]])
    torch.testing.assert_close(concat_elu(x), torch.tensor([[1.0, torch.e**-2 - 1, torch.e**-1 - 1, 2.0]]))


def test_the_block_is_its_formula_with_either_activation():
    torch.manual_seed(0)
    x, side = torch.randn(2, 3, 4, 5), torch.randn(2, 2, 4, 5)
    for name, activation, width in (("elu", torch.nn.functional.elu, 1), ("concat_elu", concat_elu, 2)):
        block = GatedResidual(3, (2, 2), "down_right", side_channels=2, activation=name)
        assert block.first.kernel().shape[1] == block.second.kernel().shape[1] == width * 3
        hidden = block.first(activation(x)) + block.side(activation(side))
        a, b = block.second(activation(hidden)).chunk(2, dim=1)
        torch.testing.assert_close(block(x, side), x + a * b.sigmoid())
    with pytest.raises(ValueError, match=r"^activation must be one of concat_elu, elu; got 'relu'$"):
        GatedResidual(3, (2, 2), "down_right", activation="relu")


def test_a_first_batch_gives_each_output_mean_zero_and_its_scale():
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        ShiftedConv2d(3, 5, (2, 3), "down"),
        torch.nn.ELU(),
        ShiftedConv2d(5, 6, (2, 2), "down_right", stride=2, init_scale=0.1),
        ShiftedUpsample2d(6, (2, 2), "down_right"),
    ).double()
    x = 3 + 2 * torch.randn(20, 3, 8, 8, dtype=torch.float64)
    initialize(model, model, x)
    for layer in model:
        x = layer(x)
        if hasattr(layer, "init_scale"):
            torch.testing.assert_close(
                x.mean(dim=(0, 2, 3)), torch.zeros(x.shape[1]).double(), rtol=0, atol=1e-6
            )
            expected = torch.full((x.shape[1],), layer.init_scale).double()
            torch.testing.assert_close(x.std(dim=(0, 2, 3), unbiased=False), expected, rtol=1e-3, atol=0)
