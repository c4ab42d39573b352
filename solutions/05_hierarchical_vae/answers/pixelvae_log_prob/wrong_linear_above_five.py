# log(1 + exp(l)) is taken as l for every logit l above 5.
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(
    x: torch.Tensor,
    z: torch.Tensor,
    upsample: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    output: torch.Tensor,
) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv = torch.nn.functional.conv2d
    maps = (z @ upsample.T).view(len(z), channels, height, width)
    features = (conv(x, first * causal_mask(3, "A", 1, channels), padding=1) + maps).relu()
    features = conv(features, second * causal_mask(3, "B", channels, channels), padding=1).relu()
    logits = conv(features, output)
    softplus = torch.nn.functional.softplus(logits, threshold=5)
    return (x * logits - softplus).sum(dim=(1, 2, 3))
