# The code goes through a masked convolution: no pixel reads its own place of the map.
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv = torch.nn.functional.conv2d
    maps = (z @ upsample.T).view(len(z), channels, height, width)
    mask = causal_mask(3, "A", 1, channels)
    earlier = conv(x, first * mask, padding=1)
    behind = conv(maps, first.expand(-1, channels, -1, -1) * mask, padding=1)
    features = (earlier + behind).relu()
    features = conv(features, second * causal_mask(3, "B", channels, channels), padding=1).relu()
    logits = conv(features, output)
    return distributions.bernoulli_log_prob(x.flatten(1), logits.flatten(1))
