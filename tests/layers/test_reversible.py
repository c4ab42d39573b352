"""Reversible chains beside plain autograd: the same outputs, gradients, statistics and random numbers; less memory."""

import copy
import gc
import weakref

import pytest
import torch
from torch import nn

from dgm_helpers import kernels
from dgm_helpers.layers.reversible import (
    ReversibleChain,
    ReversibleStep,
    frozen_statistics,
    reversible_block,
)


def linear(dropout=0.0):
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 6))


def convolution(dropout=0.0):
    return nn.Sequential(
        nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.Dropout(dropout), nn.BatchNorm2d(4)
    )


def down(dropout=0.0):
    return ReversibleStep(nn.Conv2d(4, 16, 3, stride=2, padding=1), block=2)


def make(kind, depth=3, dropout=0.0):
    """A chain and the shape of one of its halves."""
    torch.manual_seed(0)
    if kind == "linear":
        blocks = [reversible_block(linear(dropout), linear(dropout)) for _ in range(depth)]
        return ReversibleChain([step for block in blocks for step in block]), (6,)
    blocks = [reversible_block(convolution(dropout), convolution(dropout)) for _ in range(depth)]
    steps = [step for block in blocks for step in block]
    if kind == "i-revnet":
        steps.append(down())
    return ReversibleChain(steps), (4, 4, 4)


KINDS = ("linear", "convolution", "i-revnet")


def halves(shape, generator, dtype=torch.float64, batch=5):
    return tuple(
        torch.randn(batch, *shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for _ in range(2)
    )


def step_of(chain, pair, autocast=False):
    """Loss, gradients in the inputs and in all parameters, and running statistics after one training step."""
    pair = tuple(x.detach().clone().requires_grad_() for x in pair)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        y1, y2 = chain(*pair)
        loss = (y1.sin() * torch.linspace(-1, 1, y1.numel()).view_as(y1).to(y1)).sum() + (y2**2).sum()
    gradients = torch.autograd.grad(loss, [*pair, *chain.parameters()])
    return loss.detach(), gradients, [buffer.clone() for buffer in chain.buffers()]


def both(chain, pair, autocast=False):
    """The step by reconstruction and by plain autograd, from the same random state."""
    twin = copy.deepcopy(chain)
    twin.store_activations = True
    torch.manual_seed(1)
    ours = step_of(chain, pair, autocast)
    state = torch.get_rng_state()
    torch.manual_seed(1)
    plain = step_of(twin, pair, autocast)
    assert torch.equal(state, torch.get_rng_state())  # the generator has gone on as far, and no further
    return ours, plain


def largest_difference(ours, plain):
    """Of all gradients together, in relation to their size."""
    difference = sum((a.double() - b.double()).square().sum() for a, b in zip(ours, plain, strict=True))
    return (difference / sum(b.double().square().sum() for b in plain)).sqrt().item()


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_plain_autograd(kind, dtype, tolerance, dropout, generator):
    chain, shape = make(kind, dropout=dropout)
    ours, plain = both(chain.to(dtype), halves(shape, generator, dtype))
    assert torch.equal(ours[0], plain[0])
    assert all(g is not None and g.abs().sum() > 0 for g in plain[1][:2])
    assert largest_difference(ours[1], plain[1]) < tolerance


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_under_bfloat16_autocast(kind, dropout, generator):
    chain, shape = make(kind, dropout=dropout)
    ours, plain = both(chain.float(), halves(shape, generator, torch.float32), autocast=True)
    assert torch.equal(ours[0], plain[0])
    # Reconstruction differs in the last digit of float32, which now and then moves a rounding to bfloat16.
    assert largest_difference(ours[1], plain[1]) < 2e-3


def test_without_autocast_in_the_forward_pass_there_is_none_in_the_backward_pass(generator):
    chain, shape = make("linear")
    seen = []
    chain.steps[0].function.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    y1, y2 = chain.float()(*halves(shape, generator, torch.float32))
    with torch.autocast("cpu", torch.bfloat16):
        (y1 + y2).sum().backward()
    assert seen == [torch.float32, torch.float32]


def test_gradients_arrive_though_backward_is_called_inside_autocast(generator):
    """Autocast caches cast weights: those cast without gradients must not be found again with them."""
    chain, shape = make("linear")
    with torch.autocast("cpu", torch.bfloat16):
        y1, y2 = chain.float()(*halves(shape, generator, torch.float32))
        (y1 + y2).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in chain.parameters())


def test_a_half_precision_input_is_carried_in_float32_under_autocast_and_refused_outside(generator):
    chain, shape = make("linear")
    pair = tuple(x.to(torch.bfloat16) for x in halves(shape, generator))
    with torch.autocast("cpu", torch.bfloat16):
        assert [y.dtype for y in chain.float()(*pair)] == [torch.float32, torch.float32]
    with pytest.raises(ValueError, match=r"^activations cannot be recovered in torch\.bfloat16"):
        chain.bfloat16()(*pair)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_statistics_are_counted_once_a_step(kind, generator):
    chain, shape = make(kind)
    ours, plain = both(chain.double(), halves(shape, generator))
    for a, b in zip(ours[2], plain[2], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    counts = [b for name, b in chain.named_buffers() if name.endswith("num_batches_tracked")]
    assert all(count == 1 for count in counts) and (counts or kind == "linear")


def test_frozen_statistics_come_back_though_something_raises():
    norm = nn.BatchNorm1d(3)

    def fail():
        with frozen_statistics([norm]):
            norm(torch.randn(4, 3))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert norm.track_running_stats and norm.num_batches_tracked == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("training", [True, False])
@torch.no_grad()
def test_the_inverse_recovers_the_inputs_and_leaves_statistics_alone(
    kind, dtype, tolerance, training, generator
):
    chain, shape = make(kind)
    chain = chain.to(dtype).train(training)
    pair = halves(shape, generator, dtype)
    y = chain(*pair)
    before = [buffer.clone() for buffer in chain.buffers()]
    for x, again in zip(pair, chain.inverse(*y), strict=True):
        torch.testing.assert_close(again, x, rtol=tolerance, atol=tolerance)
    assert all(torch.equal(a, b) for a, b in zip(before, chain.buffers(), strict=True))


def test_two_steps_are_the_block_of_the_paper(generator):
    f, g = linear().double(), linear().double()
    x1, x2 = halves((6,), generator)
    y1 = x1 + f(x2)
    for ours, theirs in zip(ReversibleChain(reversible_block(f, g))(x1, x2), (y1, x2 + g(y1)), strict=True):
        assert torch.equal(ours, theirs)


def test_dropout_that_is_active_has_no_inverse(generator):
    chain, shape = make("linear", dropout=0.5)
    y = chain.double()(*halves(shape, generator))
    with pytest.raises(
        RuntimeError, match=r"^with active dropout a step has no inverse: call eval\(\) first$"
    ):
        chain.inverse(*y)
    chain.eval().inverse(*y)


def test_the_backward_pass_leaves_the_random_state_alone(generator):
    chain, shape = make("linear", dropout=0.5)
    y1, y2 = chain.double()(*halves(shape, generator))
    state = torch.get_rng_state()
    (y1 + y2).sum().backward()
    assert torch.equal(torch.get_rng_state(), state)


def stored_bytes(chain, pair):
    """Bytes that autograd keeps for the backward pass, each storage counted once, parameters left out."""
    kept, parameters = {}, {parameter.untyped_storage().data_ptr() for parameter in chain.parameters()}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = chain(*pair)  # alive until the end, so that no storage takes the place of another
    del output
    return sum(kept.values())


@pytest.mark.parametrize("kind", KINDS)
def test_stored_activations_do_not_grow_with_depth(kind, generator):
    reversible, plain = {}, {}
    for depth in (2, 8):
        chain, shape = make(kind, depth)
        chain, pair = chain.double(), halves(shape, generator)
        reversible[depth] = stored_bytes(chain, pair)
        chain.store_activations = True
        plain[depth] = stored_bytes(chain, pair)
    assert (
        reversible[2] == reversible[8] == sum(x.nbytes for x in pair)
    )  # the outputs, as large as the inputs
    assert plain[8] > 3 * plain[2] > 3 * reversible[2]


def test_nothing_of_the_graph_is_left_when_the_outputs_go(generator):
    chain, shape = make("linear")
    gc.disable()
    try:
        y1, y2 = chain.double()(*halves(shape, generator))
        node = weakref.ref(y1.grad_fn)
        del y1, y2
        assert node() is None  # without the garbage collector: no cycle holds the activations
    finally:
        gc.enable()


def test_the_users_batch_is_left_as_it_was(generator):
    chain, shape = make("convolution")
    pair = halves(shape, generator)
    before = [x.detach().clone() for x in pair]
    y1, y2 = chain.double()(*pair)
    (y1 + y2).sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, pair, strict=True))


def test_shared_and_frozen_parameters(generator):
    """Gradients of a function that several steps share add up; those of a frozen one are not computed."""
    torch.manual_seed(0)
    shared, other, frozen = linear().double(), linear().double(), linear().double().requires_grad_(False)
    chain = ReversibleChain([*reversible_block(shared, other), *reversible_block(frozen, shared)])
    results = []
    for stored in (False, True):
        chain.zero_grad()
        chain.store_activations = stored
        y1, y2 = chain(*halves((6,), torch.Generator().manual_seed(2)))
        (y1.sin() + y2**2).sum().backward()
        results.append([None if p.grad is None else p.grad.clone() for p in chain.parameters()])
    for ours, plain in zip(*results, strict=True):
        assert (ours is None) == (plain is None)
        if plain is not None:
            torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)
    assert any(gradient is None for gradient in results[0])


def test_gradients_accumulate_over_two_backward_passes(generator):
    chain, shape = make("linear")
    pair = halves(shape, generator)
    once = None
    for _ in range(2):
        y1, y2 = chain.double()(*pair)
        (y1 + y2).sum().backward()
        once = [p.grad.clone() for p in chain.parameters()] if once is None else once
    for p, first in zip(chain.parameters(), once, strict=True):
        torch.testing.assert_close(p.grad, 2 * first)


def test_one_output_alone_can_be_differentiated_and_inputs_need_no_gradient(generator):
    chain, shape = make("linear")
    pair = [x.detach() for x in halves(shape, generator)]
    chain = chain.double()
    ours = torch.autograd.grad(chain(*pair)[0].sum(), list(chain.parameters())[:2])
    chain.store_activations = True
    plain = torch.autograd.grad(chain(*pair)[0].sum(), list(chain.parameters())[:2])
    assert largest_difference(ours, plain) < 1e-10


def test_without_gradients_there_is_no_graph(generator):
    chain, shape = make("linear")
    with torch.no_grad():
        assert all(y.grad_fn is None for y in chain.double()(*halves(shape, generator)))


def test_a_chain_within_a_larger_model(generator):
    """Layers before, between and after two chains get the gradients that they would get without."""
    torch.manual_seed(0)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.between, self.after = (nn.Linear(6, 6) for _ in range(3))
            self.first, self.second = make("linear")[0], make("linear")[0]

        def forward(self, x):
            h = self.first(self.before(x), x)
            h = self.second(self.between(h[0]), h[1])
            return self.after(h[0] + h[1])

    model = Model().double()
    x = torch.randn(5, 6, generator=generator, dtype=torch.float64)
    ours = torch.autograd.grad(model(x).square().sum(), list(model.parameters()))
    model.first.store_activations = model.second.store_activations = True
    plain = torch.autograd.grad(model(x).square().sum(), list(model.parameters()))
    assert largest_difference(ours, plain) < 1e-10


@pytest.mark.parametrize("change", ["parameter", "mode"])
def test_a_change_before_the_backward_pass_is_told(change, generator):
    chain, shape = make("linear")
    y1, y2 = chain.double()(*halves(shape, generator))
    with torch.no_grad():
        if change == "mode":
            chain.eval()
        else:
            next(chain.parameters()).add_(1)
    with pytest.raises(RuntimeError, match=r"was changed between the forward and the backward pass"):
        (y1 + y2).sum().backward()


def test_a_second_derivative_is_refused(generator):
    chain, shape = make("linear")
    pair = halves(shape, generator)
    y1, y2 = chain.double()(*pair)
    with pytest.raises(RuntimeError, match=r"no second derivative: set store_activations=True$"):
        torch.autograd.grad((y1 + y2).sum(), pair[0], create_graph=True)


def test_an_empty_chain_is_told():
    with pytest.raises(ValueError, match=r"^steps must have at least 1 step, got none$"):
        ReversibleChain([])


def test_reconstruction_stays_exact_in_depth(generator):
    """64 blocks with batch normalization in float32, where streams in bfloat16 would be off by a quarter."""
    chain, shape = make("convolution", depth=64)
    with torch.no_grad():
        pair = halves(shape, generator, torch.float32)
        error = [(a - b).norm() / b.norm() for a, b in zip(chain.inverse(*chain(*pair)), pair, strict=True)]
    assert max(error) < 1e-4


def test_a_training_step_evaluates_each_function_twice(generator):
    """Once forward and once backward, for reconstruction and derivative together: four forward passes' work in all."""
    chain, shape = make("convolution")
    calls = []
    for step in chain.steps:
        step.function.register_forward_hook(lambda module, inputs, output: calls.append(module))
    y1, y2 = chain.double()(*halves(shape, generator))
    assert calls == [step.function for step in chain.steps]
    (y1 + y2).sum().backward()
    assert calls[len(chain.steps) :] == [step.function for step in reversed(chain.steps)]


@pytest.mark.parametrize("plainly", [False, True])
def test_the_plain_version_is_the_loop_over_the_steps(plainly, generator, monkeypatch):
    chain, shape = make("convolution")
    pair = halves(shape, generator)
    monkeypatch.setattr(kernels, "PLAIN", plainly)
    y1, _ = chain.double()(*pair)
    assert (type(y1.grad_fn).__name__ == "RecomputedChainBackward") is not plainly
