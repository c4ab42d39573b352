"""What the tests of the autoregressive models share: the models, who sees whom, and all images of a tiny model."""

import itertools

import torch

from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.pixelcnn import PixelCNN
from dgm_helpers.models.pixelcnn_pp import PixelCNNPP
from dgm_helpers.models.pixelsnail import PixelSNAIL
from dgm_helpers.objectives.discretized_logistic import conditional_means

PLUS = {"image_channels": 1, "levels": 3, "channels": 4, "blocks": 1, "scales": 2, "mixtures": 2}
SNAIL = {"image_channels": 1, "levels": 3, "channels": 4, "blocks": 2, "residuals": 1, "key_size": 3, "value_size": 4,
         "mixtures": 2}  # fmt: skip
# One tiny configuration of each kind: images 2 x 2, so that all of them can be enumerated.
MODELS = {
    "pixelcnn": (PixelCNN, {"levels": 2, "channels": 4, "blocks": 2, "head_channels": 6}),
    "pixelcnn of 3 levels": (PixelCNN, {"levels": 3, "channels": 4, "blocks": 2, "head_channels": 6}),
    "pixelcnn in color": (PixelCNN, {"image_channels": 3, "channels": 6, "blocks": 2, "head_channels": 9}),
    "gated": (GatedPixelCNN, {"levels": 2, "channels": 4, "layers": 2}),
    "gated of 3 levels": (GatedPixelCNN, {"levels": 3, "channels": 4, "layers": 2}),
    "gated in color": (GatedPixelCNN, {"image_channels": 3, "channels": 6, "layers": 2}),
    "plus plus": (PixelCNNPP, PLUS),
    "plus plus in color": (PixelCNNPP, {**PLUS, "image_channels": 3, "levels": 2}),
    "conditional plus plus": (PixelCNNPP, {**PLUS, "classes": 3}),
    "snail": (PixelSNAIL, SNAIL),
    "snail in color": (PixelSNAIL, {**SNAIL, "image_channels": 3, "levels": 2}),
    "snail with elu": (PixelSNAIL, {**SNAIL, "activation": "elu"}),
    "conditional snail": (PixelSNAIL, {**SNAIL, "classes": 3}),
    "conditional": (GatedPixelCNN, {"levels": 2, "channels": 4, "layers": 2, "classes": 3}),
}


def build(name: str, **changes: object) -> torch.nn.Module:
    """A model in float64 whose parameters are all random, so that its distribution is far from uniform."""
    torch.manual_seed(0)
    kind, config = MODELS[name]
    model = kind(**{"image_size": 2, **config, **changes}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()


def labels(model: torch.nn.Module, n: int, label: int = 1) -> dict[str, torch.Tensor]:
    """The keyword argument ``label`` of a conditional model, all of one class; nothing for another."""
    return {"label": torch.full((n,), label)} if getattr(model, "classes", 0) else {}


def all_images(model: torch.nn.Module) -> torch.Tensor:
    """Every image of the model's shape and levels, in float64."""
    values = torch.arange(model.levels).double() / (model.levels - 1)
    count = torch.Size(model.image_shape).numel()
    return (
        torch.tensor(list(itertools.product(values.tolist(), repeat=count)))
        .double()
        .view(-1, *model.image_shape)
    )


def random_images(model: torch.nn.Module, n: int, size: int | None = None) -> torch.Tensor:
    """Images with uniformly drawn levels, square, of the model's size or another."""
    channels, height, _ = model.image_shape
    index = torch.randint(model.levels, (n, channels, size or height, size or height))
    return index.double() / (model.levels - 1)


def outputs(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a model says of each sub-pixel, ``[batch, outputs, channels, height, width]``: logits, or a mixture."""
    if hasattr(model, "logits"):
        return model.logits(x, **labels(model, len(x)))
    scaled = 2 * x - 1
    logits, means, log_scales, coefficients = model.mixture(scaled, **labels(model, len(x)))
    means = conditional_means(means, coefficients, scaled)
    return torch.cat([logits[:, :, None].expand_as(means), means, log_scales], dim=1)


def influence(function, images: torch.Tensor) -> torch.Tensor:
    """Sum over images of |d output / d pixel|, ``[outputs…, *image shape]``: zero where no image shows any."""
    return sum(torch.func.jacrev(lambda x: function(x[None])[0])(image).abs() for image in images)
