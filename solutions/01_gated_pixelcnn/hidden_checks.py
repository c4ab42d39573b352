"""Hidden checks of lecture 01, the Gated PixelCNN."""

import itertools
import math
import numpy as np
import torch
from dgm_helpers import checks
from dgm_helpers.exercises.gated_pixelcnn_oracles import by_place
from dgm_helpers.exercises.gated_pixelcnn_sampling import (
    DRAWS,
    SAMPLERS,
    in_order,
    noticed,
    probabilities,
    random_model,
)
from dgm_helpers.layers import gated_stacks, masked_conv, shifted_conv
from dgm_helpers.metrics import bits_per_dimension
from dgm_helpers.models import autoregressive_images
from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from scipy.special import expit
from torch import Tensor


@checks.exercise(reference=masked_conv.causal_mask)
def mask_windows(answer) -> None:
    """Windows of size 1 to 11 in color, and a gray image with every argument named; every entry by enumeration."""
    for size, kind, inputs, outputs in (
        (1, "A", 3, 6),
        (5, "B", 6, 3),
        (7, "A", 3, 6),
        (1, "B", 3, 3),
        (11, "A", 3, 3),
    ):
        case = f"kernel {size}, {inputs} to {outputs} features"
        expected = enumerated_mask(size, kind, inputs, outputs, 3)
        checks.equal(
            f"mask {kind}", answer(size, kind, inputs, outputs, 3), expected, atol=1e-9, case=case
        )
    for kind in "AB":
        mask = answer(kernel_size=9, kind=kind, in_channels=1, out_channels=1, image_channels=1)
        checks.equal(
            f"mask {kind}",
            mask,
            enumerated_mask(9, kind, 1, 1, 1),
            atol=1e-9,
            case="one feature, arguments by name",
        )


@checks.exercise(reference=masked_conv.causal_mask)
def mask_channels(answer) -> None:
    """One to seven channels, and numbers of features that are not all multiples of these; by enumeration."""
    draw = checks.generator("01/causal_mask/hidden_2")
    cases = [
        (3, "B", 5, 7),
        (2, "A", 2, 5),
        (2, "B", 5, 3),
        (4, "A", 4, 6),
        (3, "A", 1, 4),
        (3, "B", 4, 1),
        (5, "A", 8, 6),
    ]
    channels, inputs, outputs = (2 + int(n) for n in torch.randint(6, (3,), generator=draw))
    cases += [(channels, kind, inputs, outputs) for kind in "AB"]
    for channels, kind, inputs, outputs in cases:
        case = f"{channels} channels, {inputs} to {outputs} features"
        expected = enumerated_mask(3, kind, inputs, outputs, channels)
        checks.equal(
            f"mask {kind}",
            answer(3, kind, inputs, outputs, channels),
            expected,
            atol=1e-9,
            case=case,
        )


def enumerated_mask(size: int, kind: str, inputs: int, outputs: int, channels: int) -> Tensor:
    """Return the mask by comparing triples (row, column, channel), one at a time."""
    middle, expected = size // 2, torch.zeros(outputs, inputs, size, size)
    for o, f, u, v in itertools.product(*map(range, expected.shape)):
        here, there = (middle, middle, o % channels), (u, v, f % channels)
        expected[o, f, u, v] = there < here or (kind == "B" and there == here)
    return expected


@checks.exercise(reference=shifted_conv.shift_down)
def shift_values(answer) -> None:
    """The values for non-square images and for sizes of 1, float32, and the gradient; exact."""
    draw = checks.generator("01/vertical_to_horizontal/hidden")
    for shape in ((2, 3, 4, 5), (1, 2, 1, 3), (3, 1, 6, 2), (1, 1, 5, 1), (1, 1, 1, 1)):
        v = torch.randn(shape, generator=draw, dtype=torch.float64, requires_grad=True)
        expected = np.zeros(shape)
        expected[:, :, 1:] = v.detach().numpy()[:, :, :-1]
        checks.equal("shifted features", answer(v.detach()), expected, case=f"shape {shape}")
        checks.equal(
            "shifted features", answer(v.detach().float()), expected, case=f"shape {shape}, float32"
        )
        shifted = answer(v)
        checks.equal("shifted features", shifted, expected, case=f"shape {shape}, with a gradient")
        weight = torch.randn(shape, generator=draw, dtype=torch.float64)
        (gradient,) = gradients(shifted, weight, [v])
        expected = np.zeros(shape)
        expected[:, :, :-1] = weight.numpy()[:, :, 1:]
        checks.equal("gradient in v", gradient, expected, case=f"shape {shape}")


def gradients(result: object, weight: Tensor, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of the weighted sum of a result, zero where there is no path."""
    if not (isinstance(result, Tensor) and result.requires_grad):
        return tuple(torch.zeros_like(x) for x in inputs)
    return torch.autograd.grad(
        (weight * result).sum(),
        inputs,
        allow_unused=True,
        materialize_grads=True,
        retain_graph=True,
    )


@checks.exercise(reference=None)
def two_stack_reach(answer) -> None:
    """Larger kernels and more layers: no leak and no blind spot, by the response to each single pixel; exact."""
    height, width = 9, 10
    for m, depth in ((2, 2), (3, 1), (1, 4)):
        v = h = torch.eye(height * width, dtype=torch.float64).view(-1, 1, height, width)
        for layer in range(depth):
            horizontal = torch.ones(1, 1, 1, m + 1, dtype=torch.float64)
            horizontal[..., -1] = float(layer > 0)  # mask A, then B
            vertical, link = horizontal.new_ones(1, 1, m + 1, 2 * m + 1), horizontal.new_ones(1, 1)
            v, h = checks.unpack("two_stack_layer", answer(v, h, vertical, link, horizontal), 2)
            v, h = (
                checks.as_tensor("new v", v, (90, 1, 9, 10)),
                checks.as_tensor("new h", h, (90, 1, 9, 10)),
            )
        influence = by_place(h.reshape(height * width, -1).T, height, width)
        field = masked_conv.receptive_field(height, width, rows=m * depth + 1, columns=m * depth)
        checks.sees_exactly(
            "the horizontal stack", influence, field, case=f"m = {m}, {depth} layers"
        )


@checks.exercise(reference=None)
def two_stack_sizes(answer) -> None:
    """Values and gradients in all five arguments, with sizes of 1, and float32; exact, place by place."""
    draw = checks.generator("01/two_stack_layer/hidden_2")
    for batch, p, q, height, width, m in (
        (1, 1, 2, 1, 6, 2),
        (3, 4, 2, 7, 3, 2),
        (1, 2, 1, 5, 1, 1),
        (1, 1, 1, 1, 1, 3),
    ):
        case = f"{p} to {q} features, {height} x {width} places, m = {m}"
        sizes = (
            (batch, p, height, width),
            (batch, p, height, width),
            (q, p, m + 1, 2 * m + 1),
            (q, q),
            (q, p, 1, m + 1),
        )
        inputs = [
            torch.randn(s, generator=draw, dtype=torch.float64, requires_grad=True) for s in sizes
        ]
        expected = layer_by_place(*inputs)
        results = checks.unpack("two_stack_layer", answer(*inputs), 2)
        single = checks.unpack("two_stack_layer", answer(*(x.detach().float() for x in inputs)), 2)
        for i, name in enumerate(("new v", "new h")):
            checks.equal(name, results[i], expected[i], case=case)
            checks.equal(
                name, single[i], expected[i], case=f"{case}, float32", rtol=1e-4, atol=1e-5
            )
            weight = torch.randn(expected[i].shape, generator=draw, dtype=torch.float64)
            theirs, ours = (
                gradients(results[i], weight, inputs),
                gradients(expected[i], weight, inputs),
            )
            for argument, one, other in zip(
                ("v", "h", "vertical", "link", "horizontal"), theirs, ours, strict=True
            ):
                checks.equal(f"gradient of {name} in {argument}", one, other, case=case)


def layer_by_place(
    v: Tensor, h: Tensor, vertical: Tensor, link: Tensor, horizontal: Tensor
) -> tuple[Tensor, Tensor]:
    """Return (1.9), computed place by place, with one product per entry of the kernels."""
    _, _, height, width = v.shape
    m, q = horizontal.shape[3] - 1, len(link)
    new_v, new_h = {}, {}
    for r, c in itertools.product(range(height), range(width)):
        new_v[r, c] = sum(
            v[:, :, r - m + a, c - m + b] @ vertical[:, :, a, b].T
            for a, b in itertools.product(range(m + 1), range(2 * m + 1))
            if r - m + a >= 0 and 0 <= c - m + b < width
        )
        own_row = sum(
            h[:, :, r, c - m + b] @ horizontal[:, :, 0, b].T for b in range(m + 1) if c - m + b >= 0
        )
        new_h[r, c] = own_row + (new_v[r - 1, c] @ link.T if r else 0)
    stacked = (
        torch.stack(list(new.values()), dim=2).view(len(v), q, height, width)
        for new in (new_v, new_h)
    )
    return tuple(stacked)


def numpy_gate(features: Tensor) -> Tensor:
    """Return the gate from scipy's logistic function only: tanh(f) = 2 expit(2 f) - 1."""
    f, g = np.split(features.detach().double().numpy(), 2, axis=1)
    return torch.as_tensor((2 * expit(2 * f) - 1) * expit(g))


@checks.exercise(reference=gated_stacks.gated_activation)
def gate_without_condition(answer) -> None:
    """No condition, from zero to three axes for the position, with sizes of 1, float64 and float32; exact."""
    draw = checks.generator("01/gated_activation/hidden")
    for shape in ((4, 2, 3, 3), (2, 8, 5), (3, 6), (1, 2), (1, 4, 1, 7), (3, 4, 2, 1, 5)):
        features = 3 * torch.randn(shape, generator=draw, dtype=torch.float64)
        expected = numpy_gate(features)
        checks.equal("gated features", answer(features), expected, case=f"no condition, {shape}")
        checks.equal(
            "gated features", answer(features, None), expected, case=f"condition None, {shape}"
        )
        checks.equal(
            "gated features",
            answer(features.float()),
            expected,
            case=f"no condition, {shape}, float32",
        )


@checks.exercise(reference=gated_stacks.gated_activation)
def gate_with_condition(answer) -> None:
    """A condition for rows, single pixels, images and videos, large features, and gradients in both arguments; exact.

    The gradients are compared with central differences of scipy's functions.
    """
    draw = checks.generator("01/gated_activation/hidden_2")
    large = torch.tensor([[12.0, -12, -12, 9], [-9, 12, 3, -12]]).double()
    small = torch.tensor([[0.5, 0.25, -1, 2], [3, -0.5, 1, -0.25]]).double()
    checks.equal(
        "gated features", answer(large, small), numpy_gate(large + small), case="large features"
    )
    for shape in ((4, 6, 7), (3, 4), (2, 10, 4, 2), (6, 6, 6, 6), (1, 2, 1, 1), (2, 4, 3, 1, 2)):
        features = 3 * torch.randn(shape, generator=draw, dtype=torch.float64)
        condition = 2 * torch.randn(shape[:2], generator=draw, dtype=torch.float64)
        features.requires_grad_(), condition.requires_grad_()
        added = condition.detach().reshape(*shape[:2], *[1] * (len(shape) - 2))
        moved, case = features.detach() + added, f"condition, {shape}"
        gated = answer(features, condition)
        checks.equal("gated features", gated, numpy_gate(moved), case=case)
        weight = torch.randn(gated.shape, generator=draw, dtype=torch.float64)
        steps = torch.zeros(2, *shape, dtype=torch.float64)
        steps[0, :, : shape[1] // 2], steps[1, :, shape[1] // 2 :] = 1e-5, 1e-5
        slope = torch.cat(
            [weight * (numpy_gate(moved + s) - numpy_gate(moved - s)) / 2e-5 for s in steps], dim=1
        )
        theirs = gradients(gated, weight, [features, condition])
        expected = (slope, slope.reshape(*shape[:2], -1).sum(dim=2))
        for name, one, other in zip(("features", "condition"), theirs, expected, strict=True):
            checks.equal(f"gradient in the {name}", one, other, case=case)


@checks.exercise(reference=[bits_per_dimension.bits_per_dim, autoregressive_images.likelihood_loss])
def uniform_images(answer) -> None:
    """Uniform distributions over L levels have exactly log2 L bits per dimension; one image, sizes of 1, float32."""
    levels, bits = torch.tensor([256.0, 2, 16, 1]), torch.tensor([8.0, 1, 4, 0])
    for shape in ((3, 32, 32), (1, 28, 28), (3, 5, 7), (2, 3, 1), (1, 1, 1), torch.Size((4, 2, 5))):
        log_prob = -math.prod(shape) * levels.double().log()
        case = f"uniform over 256, 2, 16 and 1 levels, {tuple(shape)}"
        checks.equal("bits per dimension", answer(log_prob, shape), bits, unit="bits", case=case)
        checks.equal(
            "bits per dimension",
            answer(log_prob[2:3], shape),
            bits[2:3],
            unit="bits",
            case=f"one image, {shape}",
        )
        checks.equal(
            "bits per dimension",
            answer(log_prob.float(), shape),
            bits,
            unit="bits",
            case=f"float32, {shape}",
        )


@checks.exercise(reference=SAMPLERS)
def sample_colors(answer) -> None:
    """Color: one pixel of three channels and four levels, then 2 x 2 pixels of two channels, all images enumerated.

    Statistical: chi-square, false-alarm rate 1e-6 each. The models' weights are the same for every seed, and are
    chosen so that each named mistake is rejected with probability above 0.999.
    """
    draw = checks.generator("01/sample/hidden")
    model, exact, mistakes = random_model(
        62, pixel_mistakes, spread=0.8, image_size=1, image_channels=3, levels=4
    )
    drawn = checks.as_tensor("images", answer(model, DRAWS, draw), (DRAWS, 3, 1, 1))
    checks.equal("values of the pixels, times 3", 3 * drawn, (3 * drawn).round().clamp(0, 3))
    index = (3 * drawn).flatten(1).round() @ torch.tensor([16.0, 4, 1], dtype=torch.float64)
    checks.frequencies("colors", index, exact, mistakes=mistakes)

    model, exact, mistakes = random_model(
        147, plane_mistakes, spread=1.0, image_size=2, image_channels=2, levels=2
    )
    drawn = checks.as_tensor("images", answer(model, DRAWS, draw), (DRAWS, 2, 2, 2))
    in_raster_order = drawn.permute(0, 2, 3, 1).flatten(1).round().clamp(0, 1)
    index = in_raster_order @ 2.0 ** torch.arange(7, -1, -1, dtype=torch.float64)
    checks.frequencies("images of two channels", index, exact, mistakes=mistakes)


def pixel_mistakes(model: GatedPixelCNN, exact: Tensor) -> dict[str, Tensor]:
    """Return the distributions that typical mistakes draw from, by hint, for one pixel of three channels."""
    red, green, blue = ((channel, 0, 0) for channel in range(3))
    return {
        "a channel drawn before the earlier ones are known: green must see red, and blue both": in_order(
            model, [[red, green, blue]]
        ),
    }


def plane_mistakes(model: GatedPixelCNN, exact: Tensor) -> dict[str, Tensor]:
    """Return the distributions that typical mistakes draw from, by hint, for 2 x 2 pixels of two channels."""
    places = list(itertools.product(range(2), range(2)))
    return {
        "one channel of the whole image after the other: the channels are the innermost loop": in_order(
            model, [[(channel, *place)] for channel in range(2) for place in places]
        ),
        "one channel of a row after the other: the channels are the innermost loop": in_order(
            model,
            [
                [(channel, row, column)]
                for row, channel, column in itertools.product(range(2), repeat=3)
            ],
        ),
        "the channels of a pixel drawn from one pass": in_order(
            model, [[(0, *place), (1, *place)] for place in places]
        ),
    }


@checks.exercise(reference=SAMPLERS)
def sample_classes(answer) -> None:
    """A model with classes: each image comes from the distribution of its own class.

    Statistical: chi-square for each class, false-alarm rate 1e-6. The model's weights are the same for every seed, and
    are chosen so that images of a different class are rejected with probability above 0.999.
    """
    draw = checks.generator("01/sample/hidden_2")
    each = 700
    model, exact = classes_model(each)
    label = torch.tensor([2, 0, 1]).repeat(each)[torch.randperm(3 * each, generator=draw)]
    drawn = checks.as_tensor(
        "images", answer(model, len(label), draw, label), (len(label), 1, 2, 2)
    )
    checks.equal("values of the pixels", drawn, drawn.round().clamp(0, 1))
    index = drawn.flatten(1).round() @ torch.tensor([8.0, 4, 2, 1], dtype=torch.float64)
    for y in range(3):
        hint = "the class of another image: label[b] belongs to image b"
        mistakes = {
            f"{hint}{' ' * i}": exact[other] for i, other in enumerate(range(3)) if other != y
        }
        checks.frequencies(f"images of class {y}", index[label == y], exact[y], mistakes=mistakes)
    one = checks.as_tensor("one image", answer(model, 1, draw, label[:1]), (1, 1, 2, 2))
    checks.equal("values of one image", one, one.round().clamp(0, 1))


def classes_model(each: int) -> tuple[GatedPixelCNN, list[Tensor]]:
    """Return a model with three classes that differ, and the probabilities of all images of each class."""
    for seed in range(480, 1_480):
        model = GatedPixelCNN(image_size=2, channels=8, layers=1, classes=3)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0, 0.7, generator=generator)
        exact = [probabilities(model, y) for y in range(3)]
        if all(noticed(exact[i], exact[j], each) for i, j in itertools.permutations(range(3), 2)):
            return model, exact
    raise RuntimeError("no random model has classes that differ enough")
