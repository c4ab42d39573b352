# Pixel by pixel: every logit from an image in which that pixel and all later ones are black.
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv, total = torch.nn.functional.conv2d, 0
    maps = torch.einsum("bd,nd->bn", z, upsample).view(len(z), channels, height, width)
    masks = causal_mask(3, "A", 1, channels), causal_mask(3, "B", channels, channels)
    place = torch.arange(height * width).view(height, width)
    for n in range(height * width):
        earlier = conv(x * (place < n), first * masks[0], padding=1)
        features = conv((earlier + maps).relu(), second * masks[1], padding=1).relu()
        logit = conv(features, output).flatten(1)[:, n]
        pixel = x.flatten(1)[:, n]
        total = total + pixel * logit - torch.nn.functional.softplus(logit)
    return total
