# The pixels are read in [-1, 1].
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv = torch.nn.functional.conv2d
    maps = (z @ upsample.T).view(len(z), channels, height, width)
    earlier = conv(2 * x - 1, first * causal_mask(3, "A", 1, channels), padding=1)
    features = (earlier + maps).relu()
    features = conv(features, second * causal_mask(3, "B", channels, channels), padding=1).relu()
    logits = conv(features, output)
    return distributions.bernoulli_log_prob(x.flatten(1), logits.flatten(1))
