# Infinite logarithms are replaced by a large number.
def gan_losses(
    real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:

    d = (
        -torch.nan_to_num(torch.sigmoid(real_logits).log(), neginf=-1e4).mean()
        - torch.nan_to_num((1 - torch.sigmoid(fake_logits)).log(), neginf=-1e4).mean()
    )
    return d, -torch.nan_to_num(torch.sigmoid(fake_logits).log(), neginf=-1e4).mean()
