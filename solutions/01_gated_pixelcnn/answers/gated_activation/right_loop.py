# Image by image, feature by feature.
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    p = features.shape[1] // 2
    out = torch.empty_like(features[:, :p])
    for b in range(features.shape[0]):
        for i in range(p):
            f, g = features[b, i], features[b, p + i]
            if condition is not None:
                f, g = f + condition[b, i], g + condition[b, p + i]
            out[b, i] = torch.tanh(f) * torch.sigmoid(g)
    return out
