"""Visible checks of lecture 01, the Gated PixelCNN."""

import torch

from dgm_helpers import checks
from dgm_helpers.exercises.gated_pixelcnn_oracles import (
    by_place,
    channel_mistakes,
    correlated,
    gate,
    gate_mistakes,
    reads,
    seen_by_variant,
    window_mistakes,
)
from dgm_helpers.exercises.gated_pixelcnn_sampling import (
    DRAWS,
    SAMPLERS,
    check_coins,
    random_model,
    raster_mistakes,
)
from dgm_helpers.layers import gated_stacks, masked_conv, shifted_conv
from dgm_helpers.metrics import bits_per_dimension
from dgm_helpers.models import autoregressive_images


@checks.exercise(reference=masked_conv.causal_mask)
def causal_mask(answer) -> None:
    """Both masks of a gray image, including one input feature as in the first layer; exact, by enumeration."""
    for size, inputs, outputs in ((3, 1, 4), (5, 3, 1), (7, 2, 3)):
        middle, shape = size // 2, (outputs, inputs, size, size)
        before = masked_conv.receptive_field(size, size, size, size)[middle, middle].double()
        for kind in "AB":
            expected = before.clone()
            expected[middle, middle] = float(kind == "B")
            mistakes = {words: p.expand(shape) for words, p in window_mistakes(expected, kind).items()}
            if inputs != outputs:
                swapped = expected.expand(inputs, outputs, size, size)
                mistakes["input features first: the shape is [out_channels, in_channels, …]"] = swapped
            case = f"kernel {size}, {inputs} to {outputs} features"
            mask = answer(size, kind, inputs, outputs)
            checks.equal(
                f"mask {kind}", mask, expected.expand(shape), atol=1e-9, case=case, mistakes=mistakes
            )


@checks.exercise(reference=masked_conv.causal_mask)
def causal_mask_in_color(answer) -> None:
    """Red, green and blue at the center of the window, then the whole window; exact, by enumeration."""
    inputs, outputs = 6, 9
    for kind in "AB":
        expected = torch.ones(3, 3).tril(-1 if kind == "A" else 0).repeat(3, 2)
        mask = checks.as_tensor("mask", answer(3, kind, inputs, outputs, 3), (outputs, inputs, 3, 3))
        checks.equal(
            f"center of mask {kind}", mask[:, :, 1, 1], expected, mistakes=channel_mistakes(expected, kind)
        )
        window = torch.tensor([[1.0, 1, 1], [1, 0, 0], [0, 0, 0]]).expand(mask.shape).clone()
        window[:, :, 1, 1] = expected
        checks.equal(f"mask {kind}, red, green and blue", mask, window, atol=1e-9)


@checks.exercise(reference=shifted_conv.shift_down)
def vertical_to_horizontal(answer) -> None:
    """One layer of both stacks with this shift between them: every output sees what it should, and nothing else.

    Exact: the answer is given the response of the vertical stack to each single pixel.
    """
    height, width = 5, 4
    left, down = reads(height, width, [0], [-1]), reads(height, width, [1], [0])
    v = reads(height, width, [0, 1], [-1, 0, 1])
    passed_on = checks.as_tensor(
        "shifted features", answer(v.T.reshape(-1, 1, height, width).clone()), (20, 1, 5, 4)
    )
    first_row = torch.eye(height * width)[:, :width].sum(dim=1, keepdim=True)
    mistakes = {
        "no shift: the pixel's own row is read at full width": v,
        "two shifts: the row above is out of sight": down @ down @ v,
        "a shift upwards: the row below is read": reads(height, width, [-1], [0]) @ v,
        "a shift to the right, along the row: move whole rows": left @ v,
        "rows in a circle: the last row came back as the first": v.roll(width, dims=0),
        "the first row kept: it must be zero": down @ v + first_row * v,
    }
    seen = {words: by_place(left + rows, height, width) != 0 for words, rows in mistakes.items()}
    influence = by_place(left + passed_on.reshape(height * width, -1).T, height, width)
    field = masked_conv.receptive_field(height, width, rows=2, columns=1)
    checks.sees_exactly("the horizontal stack", influence, field, mistakes=seen)


@checks.exercise(reference=None)  # the library's layers contain their kernels; none takes them as arguments
def two_stack_layer(answer) -> None:
    """Three layers of the answer: no leak and no blind spot.

    Exact: the kernels' weights are positive, so the response to a pixel is zero exactly where no path leads.
    """
    draw = checks.generator("01/two_stack_layer/visible")
    height, width, depth = 7, 8, 3
    v = h = torch.eye(height * width, dtype=torch.float64).view(-1, 1, height, width)
    for layer in range(depth):
        vertical, link, horizontal = (
            1 + torch.rand(shape, generator=draw, dtype=torch.float64)
            for shape in ((1, 1, 2, 3), (1, 1), (1, 1, 1, 2))
        )
        horizontal[..., -1] *= float(layer > 0)  # mask A, then B
        v, h = checks.unpack("two_stack_layer", answer(v, h, vertical, link, horizontal), 2)
        v, h = checks.as_tensor("new v", v, (56, 1, 7, 8)), checks.as_tensor("new h", h, (56, 1, 7, 8))
    variants = {
        "no shift: the pixel's own row is passed at full width": {"shift": 0},
        "two shifts: the row above is out of sight": {"shift": 2},
        "the vertical stack shifted in every layer: shift only what is passed to the horizontal stack, not what is "
        "passed to the next layer": {"shift": 0, "v_shift": 1},
        "the vertical stack shifted in every layer, and once more when it is passed to h": {"v_shift": 1},
        "a horizontal stack that gets nothing from the vertical one: add the shifted, linked v": {
            "joined": 0
        },
        "the horizontal stack added to the vertical one: in (1.9) the new v depends only on v": {"back": 1},
        "the old features of v passed to h: (1.9) takes the new ones": {"old": 1},
        "a horizontal stack padded on the right: it reads what is to its left": {"right": 1},
        "a vertical stack padded below: it reads its own row and the rows above": {"below": 1},
    }
    mistakes = {words: seen_by_variant(height, width, depth, **way) for words, way in variants.items()}
    influence = by_place(h.reshape(height * width, -1).T, height, width)
    field = masked_conv.receptive_field(height, width, rows=depth + 1, columns=depth)
    checks.sees_exactly("the horizontal stack", influence, field, mistakes=mistakes)


@checks.exercise(reference=None)
def two_stack_layer_values(answer) -> None:
    """The values of one layer, 2 to 3 features, m = 1; exact, against scipy's correlation in float64."""
    draw = checks.generator("01/two_stack_layer/visible_2")
    v, h = torch.randn(2, 4, 2, 5, 6, generator=draw, dtype=torch.float64)
    kernels = [
        torch.randn(s, generator=draw, dtype=torch.float64) for s in ((3, 2, 2, 3), (3, 3), (3, 2, 1, 2))
    ]
    for kernel in kernels:
        kernel.view(-1)[:2] = torch.tensor([3.0, -3.0])  # so that not all of them are small
    vertical, link, horizontal = kernels
    new_v, own_row = correlated(v, vertical, 1), correlated(h, horizontal, 0)
    down = torch.zeros_like(new_v).index_copy(2, torch.arange(1, 5), new_v[:, :, :4])
    linked = torch.einsum("of,bfrc->borc", link, down)
    below, after = (
        correlated(v.flip(2), vertical.flip(2), 1).flip(2),
        correlated(h.flip(3), horizontal.flip(3), 0),
    )
    answer_v, answer_h = checks.unpack("two_stack_layer", answer(v, h, *kernels), 2)
    checks.equal("new v", answer_v, new_v, mistakes={
        "the new h: return v first": own_row + linked,
        "v shifted as well: shift only what is passed to h": down,
        "the rows below: pad on top, not at the bottom": below,
        "the horizontal stack added to v: in (1.9) the new v depends only on v": new_v + own_row + linked,
    })  # fmt: skip
    checks.equal("new h", answer_h, own_row + linked, mistakes={
        "no shift of what is passed to h": own_row + torch.einsum("of,bfrc->borc", link, new_v),
        "a shift without the link: multiply by the matrix": own_row + down,
        "the link transposed: output feature o gets link[o, f] times feature f":
            own_row + torch.einsum("of,borc->bfrc", link, down),
        "only the horizontal stack: add what the vertical one passes": own_row,
        "what is to the right: pad the horizontal stack on the left": after.flip(3) + linked,
    })  # fmt: skip


@checks.exercise(reference=gated_stacks.gated_activation)
def gated_activation(answer) -> None:
    """A batch of images with a condition; exact, against scipy in float64."""
    draw = checks.generator("01/gated_activation/visible")
    features = 2 * torch.randn(4, 6, 3, 5, generator=draw, dtype=torch.float64)
    condition = torch.randn(4, 6, generator=draw, dtype=torch.float64)
    moved = features + condition[:, :, None, None]
    checks.equal(
        "gated features",
        answer(features, condition),
        gate(moved),
        mistakes=gate_mistakes(features, condition),
    )


@checks.exercise(reference=[bits_per_dimension.bits_per_dim, autoregressive_images.likelihood_loss])
def bits_per_dim(answer) -> None:
    """A batch of color images; exact: the mean over an image's sub-pixels of minus log2 of their probabilities."""
    draw = checks.generator("01/bits_per_dim/visible")
    factors = 0.02 + 0.9 * torch.rand(5, 3, 7, 10, generator=draw, dtype=torch.float64)
    log_prob, bits = factors.log().sum(dim=(1, 2, 3)), -factors.log2().mean(dim=(1, 2, 3))
    nats, digits = -factors.log().mean(dim=(1, 2, 3)), -factors.log10().mean(dim=(1, 2, 3))
    checks.equal("bits per dimension", answer(log_prob, (3, 7, 10)), bits, unit="bits", mistakes={
        "nats: a bit is log 2 nats, so divide by log 2": nats,
        "a product with log 2: divide by it": nats**2 / bits,
        "the channels forgotten: a color image has 3 H W numbers": bits * 3,
        "the width forgotten: D is C H W": bits * 10,
        "bits per image: divide by the number of dimensions": bits * 3 * 7 * 10,
        "the mean over the batch: return one number per image": bits.mean(),
        "the sum over the batch: return one number per image": bits.sum(),
        "the wrong sign: log p is negative, bits are not": -bits,
        "bits divided by the number of images: log_prob has one entry per image": bits / 5,
        "the logarithm to base 10 instead of base 2": digits,
        "C, H and W added: multiply them": bits * 3 * 7 * 10 / (3 + 7 + 10),
    })  # fmt: skip


@checks.exercise(reference=SAMPLERS)
def sample(answer) -> None:
    """Draws from a model of 81 images (2 x 2 pixels, 3 levels) with random weights, against their exact probabilities.

    Statistical: chi-square, false-alarm rate 1e-6. The model's weights are the same for every seed, and are chosen so
    that each named mistake is rejected with probability above 0.999.
    """
    draw = checks.generator("01/sample/visible")
    model, exact, mistakes = random_model(18, raster_mistakes, spread=0.8, image_size=2, levels=3)
    drawn = checks.as_tensor("images", answer(model, DRAWS, draw), (DRAWS, 1, 2, 2))
    checks.equal("values of the pixels, times 2", 2 * drawn, (2 * drawn).round().clamp(0, 2))
    index = (2 * drawn).flatten(1).round() @ torch.tensor([27.0, 9, 3, 1], dtype=torch.float64)
    checks.frequencies("images", index, exact, mistakes=mistakes)


@checks.exercise(reference=SAMPLERS)
def sample_random_numbers(answer) -> None:
    """Random numbers: all from the generator, new in every call, a different one for each image and sub-pixel.

    Statistical: for a model whose sub-pixels are fair coins, the agreement of any two images is binomial; false-alarm
    rate 1e-6.
    """
    check_coins(answer, checks.generator("01/sample/visible_2"))
