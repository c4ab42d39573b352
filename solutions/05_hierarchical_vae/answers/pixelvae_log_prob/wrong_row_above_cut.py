# The pixel above to the right is masked as well.
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv = torch.nn.functional.conv2d
    left = torch.ones(3, 3)
    left[0, 2] = 0
    maps = (z @ upsample.T).view(len(z), channels, height, width)
    earlier = conv(x, first * causal_mask(3, "A", 1, channels) * left, padding=1)
    features = (earlier + maps).relu()
    features = conv(
        features, second * causal_mask(3, "B", channels, channels) * left, padding=1
    ).relu()
    logits = conv(features, output)
    return distributions.bernoulli_log_prob(x.flatten(1), logits.flatten(1))
