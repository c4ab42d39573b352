# By torch.distributions, a Bernoulli at each pixel, and unfold instead of a convolution.
from dgm_helpers.layers.masked_conv import causal_mask


def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    batch, (channels, (height, width)) = len(x), (first.shape[0], x.shape[-2:])

    def masked(values, kernel, kind):
        windows = torch.nn.functional.unfold(values, 3, padding=1)  # [B, I * 9, H * W]
        kernel = kernel * causal_mask(3, kind, kernel.shape[1], channels)
        return (kernel.flatten(1) @ windows).view(batch, channels, height, width)

    maps = torch.stack([upsample @ code for code in z]).view(batch, channels, height, width)
    features = masked((masked(x, first, "A") + maps).clamp_min(0), second, "B").clamp_min(0)
    logits = torch.einsum("c,bchw->bhw", output.flatten(), features)
    pixels = torch.distributions.Independent(torch.distributions.Bernoulli(logits=logits), 2)
    return pixels.log_prob(x[:, 0])
