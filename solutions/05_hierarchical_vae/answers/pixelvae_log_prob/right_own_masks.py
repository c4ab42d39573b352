# With masks made by hand.
def pixelvae_log_prob(x, z, upsample, first, second, output) -> torch.Tensor:
    channels, (height, width) = first.shape[0], x.shape[-2:]
    conv = torch.nn.functional.conv2d
    before = (torch.arange(9) < 4).view(3, 3).to(first)
    upto = (torch.arange(9) < 5).view(3, 3).to(second)
    maps = torch.nn.functional.linear(z, upsample).unflatten(1, (channels, height, width))
    features = torch.relu(conv(x, first * before, padding=1) + maps)
    features = torch.relu(conv(features, second * upto, padding=1))
    logits = (features * output[0]).sum(dim=1)
    return (x[:, 0] * logits - torch.nn.functional.softplus(logits)).sum(dim=(1, 2))
