# Calls the library's gate. hint: this is the library's answer
def gated_activation(features: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
    from dgm_helpers.layers import gated_stacks

    return gated_stacks.gated_activation(features, condition)
