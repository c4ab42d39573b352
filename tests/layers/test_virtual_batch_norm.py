"""Virtual batch normalization: batch normalization of reference and example, blind to the rest of the batch."""

import pytest
import torch
from torch import nn

from dgm_helpers.layers.virtual_batch_norm import ReferencedGenerator, VirtualBatchNorm

SPACES = pytest.mark.parametrize("space", [(), (3,), (4, 3)], ids=["vectors", "sequences", "images"])


def layer(features=5, reference=6):
    torch.manual_seed(0)
    norm = VirtualBatchNorm(features, reference).double()
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    return norm


@SPACES
def test_an_example_gets_what_batch_normalization_gives_it_in_a_batch_with_the_reference(space, generator):
    norm, kind = layer(), {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[len(space)]
    plain = kind(5).double()
    plain.weight, plain.bias = norm.weight, norm.bias
    x = 2 + 3 * torch.randn(10, 5, *space, generator=generator, dtype=torch.float64)
    y = norm(x)
    torch.testing.assert_close(y[:6], plain(x[:6]))
    for i in range(6, 10):
        torch.testing.assert_close(y[i], plain(torch.cat([x[:6], x[i : i + 1]]))[-1])


@SPACES
def test_the_jacobian_across_examples_is_zero_and_that_to_the_reference_is_not(space, generator):
    norm = layer(features=2, reference=3)
    x = torch.randn(6, 2, *space, generator=generator, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(norm, x).reshape(6, x[0].numel(), 6, x[0].numel())
    influence = jacobian.abs().amax(dim=(1, 3)) > 0
    expected = torch.zeros(6, 6, dtype=torch.bool)
    expected[:, :3] = True  # everything depends on the reference batch
    expected[3:, 3:] = torch.eye(3, dtype=torch.bool)  # and an example on itself
    assert torch.equal(influence, expected)


def test_batch_normalization_would_fail_that_test(generator):
    x = torch.randn(4, 2, generator=generator, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(nn.BatchNorm1d(2).double(), x)
    assert (jacobian.abs().amax(dim=(1, 3)) > 0).all()


def test_a_generator_gives_a_latent_vector_the_same_in_any_company_and_mode(generator):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), VirtualBatchNorm(8, 5), nn.ReLU(), nn.Linear(8, 2))
    model = ReferencedGenerator(network, torch.randn(5, 3)).double()
    latent = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    together = model(latent)
    assert together.shape == (7, 2)
    torch.testing.assert_close(torch.cat([model(row[None]) for row in latent]), together)
    torch.testing.assert_close(model.eval()(latent.flip(0)).flip(0), together)
    assert model(latent[:0]).shape == (0, 2) and "latents" in model.state_dict()
    assert not dict(model.named_parameters()).keys() & {"latents"}


def test_statistics_are_float32_under_bfloat16(generator):
    norm = VirtualBatchNorm(3, 4)
    x = 100 + torch.randn(6, 3, generator=generator)
    half = norm(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), norm(x.bfloat16().float()), rtol=1e-2, atol=1e-2)


def test_what_cannot_be_is_told():
    with pytest.raises(ValueError, match=r"^reference must be at least 1 example, got 0$"):
        VirtualBatchNorm(3, 0)
    with pytest.raises(
        ValueError, match=r"^x must have at least 4 rows, which are the reference batch, got 3$"
    ):
        VirtualBatchNorm(3, 4)(torch.zeros(3, 3))
