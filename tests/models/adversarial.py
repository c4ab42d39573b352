"""What the tests of adversarial models share: small models, seeded batches, gradients by name, a short training."""

import torch

SMALL = {"data_shape": (1, 8, 8), "noise_dim": 5, "channels": (6, 8), "hidden": (12,)}
VECTORS = {"data_shape": (2,), "noise_dim": 4, "channels": (), "hidden": (16, 16), "output": "linear"}


def build(options, kind):
    torch.manual_seed(0)
    return kind(**options).double()


def batch_for(model, n=6):
    torch.manual_seed(1)
    return torch.rand(n, *model.config["data_shape"], dtype=torch.float64)


def gradients(model, loss):
    """Gradient of every parameter, by name, zeros where there is none; a fresh backward pass."""
    model.zero_grad(set_to_none=True)
    loss.backward()
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for name, parameter in model.named_parameters()
    }


def seeded():
    return torch.Generator().manual_seed(3)


def is_generators(name):
    return name.startswith("generator.")


def train(model, x, steps, learning_rate, seed=0, batch_size=64):
    """Train with the players' own optimizer groups, on batches drawn with replacement."""
    draws = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameter_groups(learning_rate))
    model.train()
    for _ in range(steps):
        batch = x[torch.randint(len(x), (batch_size,), generator=draws)]
        optimizer.zero_grad()
        model.loss(batch, draws)["loss"].backward()
        optimizer.step()
    return model.eval()
