"""HierarchicalVAE with one to three layers and both posteriors, and PixelVAE, which has the same interface."""

import copy

import pytest
import torch

from dgm_helpers import checks, data
from dgm_helpers.metrics.marginal_likelihood import marginal_log_likelihood
from dgm_helpers.models.hierarchical_vae import PRESETS, HierarchicalVAE
from dgm_helpers.models.pixelvae import PixelVAE
from dgm_helpers.models.pixelvae_map import MapPixelVAE
from dgm_helpers.models.vae import VAE
from dgm_helpers.objectives.distributions import gaussian_log_prob, kl_diagonal_gaussians
from dgm_helpers.training import fit

SMALL = {"data_dim": 64, "hidden": 12}
MAP = {"image_size": 8, "pixel_channels": 4, "kernel_size": 3, "first_kernel_size": 3, "layers": 1}
PIXELS = {**MAP, "hidden": 12, "channels": (3, 4)}
MODELS = {
    "one layer": (HierarchicalVAE, {**SMALL, "latent_dims": (3,)}),
    "two layers": (HierarchicalVAE, {**SMALL, "latent_dims": (3, 2)}),
    "three layers": (HierarchicalVAE, {**SMALL, "latent_dims": (3, 2, 4)}),
    "bottom-up": (HierarchicalVAE, {**SMALL, "latent_dims": (3, 2, 4), "posterior": "bottom-up"}),
    "deep": (HierarchicalVAE, {**SMALL, "latent_dims": (4, 3, 2), "hidden": (12, 10, 8), "depth": 2,
                               "activation": "leaky_relu", "scale": "softplus", "posterior": "bottom-up"}),
    "pixels": (PixelVAE, {**PIXELS, "latent_dims": (3, 2)}),
    "pixels bottom-up": (PixelVAE, {**PIXELS, "latent_dims": (3, 2), "posterior": "bottom-up"}),
    "map": (MapPixelVAE, {**MAP, "latent_dims": (2, 3), "map_stride": 2, "map_channels": (4, 6, 6),
                          "map_blocks": (0, 1, 1), "map_layers": 1, "map_pixel_channels": 6, "map_kernel_size": 3}),
}  # fmt: skip
DIGITS = data.load("digits").train.round()


def build(name, **changes):
    torch.manual_seed(0)
    kind, config = MODELS[name]
    model = kind(**{**config, **changes}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


@pytest.fixture(params=MODELS)
def model(request):
    return build(request.param)


@pytest.fixture
def x():
    return DIGITS[:5].double()


@torch.no_grad()
def test_shapes_and_dtypes(model, x, generator):
    for dtype in (torch.float32, torch.float64):
        model, x = model.to(dtype), x.to(dtype)
        gaussians = model.encode(x)
        assert [mu.shape for mu, _ in gaussians] == [(5, d) for d in model.latent_dims]
        latents, posteriors = model.posterior_sample(x, 4, generator)
        assert [z.shape for z in latents] == [(4, 5, d) for d in model.latent_dims]
        log_likelihood, kl = model.terms(x, 4, generator)
        assert log_likelihood.shape == (4, 5) and kl.shape == (4, 5, len(model.latent_dims))
        assert model.log_likelihood(x, latents[0][0]).shape == (5,)
        assert model.bound(x, 3, generator).shape == model.elbo(x, 2, generator).shape == (5,)
        assert model.sample(2, generator).shape == (2, *model.data_shape)
        assert model.reconstruct(x, generator).shape == x.shape
        results = [*latents, *posteriors[0], kl, model.bound(x, 2), model.sample(2), *model.loss(x).values()]
        assert all(result.dtype == dtype and result.isfinite().all() for result in results)


def test_the_loss_is_the_sum_of_its_terms(model, x, generator):
    terms = model.loss(x, generator)
    layers = [f"kl_{layer}" for layer in range(1, len(model.latent_dims) + 1)]
    assert set(terms) == {"loss", "elbo", "reconstruction", "kl", *layers}
    assert all(term.shape == () for term in terms.values())
    torch.testing.assert_close(terms["kl"], sum(terms[name] for name in layers))
    torch.testing.assert_close(terms["loss"], terms["kl"] - terms["reconstruction"])
    torch.testing.assert_close(terms["elbo"], -terms["loss"])
    terms["loss"].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@torch.no_grad()
def test_the_kl_terms_are_log_q_minus_log_p_over_the_joint(model, x, generator):
    """Each layer against direct Monte Carlo from samples of its own, and the ELBO likewise; false alarms 1e-6."""
    x, repetitions, samples = x[:2], 100, 40
    likelihood, kl = model.terms(x, repetitions * samples, generator)
    latents, posteriors = model.posterior_sample(x, repetitions * samples, generator)
    priors = model.prior_at(latents)
    for layer, (z, q, p) in enumerate(zip(latents, posteriors, priors, strict=True)):
        direct = gaussian_log_prob(z, *q) - gaussian_log_prob(z, *p)
        difference = (kl[..., layer] - direct).unflatten(0, (repetitions, samples)).mean(dim=1)
        checks.mean_equals(f"KL of layer {layer + 1}", difference, torch.zeros(2))
    elbo = (likelihood - kl.sum(dim=-1)).unflatten(0, (repetitions, samples)).mean(dim=1)
    one = model.bound(x.repeat_interleave(repetitions * samples, dim=0), 1, generator)
    bound = one.view(2, repetitions, samples).mean(dim=2).T
    checks.mean_equals("ELBO less bound", elbo - bound, torch.zeros(2))


@torch.no_grad()
def test_a_closed_form_that_takes_a_bottom_up_posterior_for_a_factorized_one_would_be_caught(x, generator):
    model = build("two layers", latent_dims=(1, 1), posterior="bottom-up")
    # Under q z_2 has the mean 2 tanh(z_1), under p z_1 has 2 tanh(z_2): neighbors that know of each other.
    for reader, head in ((model.readers[1][0], model.heads[1]), (model.priors[0][0], model.priors[0][2])):
        for parameter in (*reader.parameters(), *head.parameters()):
            parameter.zero_()
        reader.weight[0], head.weight[0, 0], head.bias[1] = 1.0, 2.0, -1.0
    model.heads[0].weight[1] = 0  # of a width that shows the dependence
    kl = model.terms(x, 4000, generator)[1][..., 0].view(100, 40, 5).mean(dim=1)
    latents, posteriors = model.posterior_sample(x, 4000, generator)
    wrong = kl_diagonal_gaussians(*posteriors[0], *model.prior(1, latents[1])).view(100, 40, 5).mean(dim=1)
    with pytest.raises(checks.CheckFailed):
        checks.mean_equals("difference", kl - wrong, torch.zeros(5))
    assert (kl.mean(dim=0) < wrong.mean(dim=0)).all()


@torch.no_grad()
def test_one_layer_is_a_vae(x, generator):
    model = build("one layer")
    vae = VAE(data_dim=64, latent_dim=3, hidden=(12,)).double()
    vae.encoder[0], vae.encoder[2] = model.readers[0][0], model.heads[0]
    vae.decoder = model.decoder
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    torch.testing.assert_close(model.bound(x, 3, one), vae.bound(x, 3, other))
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    torch.testing.assert_close(model.loss(x, one)["loss"], vae.loss(x, other)["loss"])


def test_the_marginal_likelihood_is_the_bound_of_so_many_samples(model, x):
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    reads = []
    hook = model.readers[0].register_forward_hook(lambda *_: reads.append(1))
    found = marginal_log_likelihood(model, x, 700, one)  # in four chunks
    hook.remove()
    assert len(reads) == 1
    assert torch.equal(found, model.bound(x, 700, other).detach()) and not found.requires_grad


@torch.no_grad()
def test_importance_weights_average_to_p_of_x(x, generator):
    """Two latent layers of one dimension each: log p(x) by integration on a grid; false-alarm rate 1e-6."""
    for posterior in ("factorized", "bottom-up"):
        model, x = build("two layers", latent_dims=(1, 1), posterior=posterior), x[:3]
        axis = torch.linspace(-9, 9, 601, dtype=torch.float64)
        grid = torch.cartesian_prod(axis, axis)
        lower, top = grid[:, :1], grid[:, 1:]
        log_prior = gaussian_log_prob(lower, *model.prior(1, top)) + gaussian_log_prob(top, *model.prior(2))
        log_joint = torch.stack(
            [model.log_likelihood(image[None], lower[:, None])[:, 0] for image in x], dim=1
        )
        exact = (log_joint + log_prior[:, None]).logsumexp(dim=0) + 2 * torch.tensor(18 / 600).double().log()
        weights = torch.stack([model.bound(x, 2000, generator).exp() for _ in range(100)]) / exact.exp()
        checks.mean_equals("p(x)", weights, torch.ones(3))
        assert (model.elbo(x, 1000, generator) < exact).all()


def test_free_nats_stop_the_gradient_of_a_layer_below_them_and_nothing_else(model, x):
    terms = model.loss(x, torch.Generator().manual_seed(1))
    kl = {name: float(value.detach()) for name, value in terms.items()}
    names = [name for name in kl if name.startswith("kl_")]
    assert model.free_nats == 0
    model.free_nats = free = max(kl[name] for name in names) * 0.999
    terms = model.loss(x, torch.Generator().manual_seed(1))
    assert all(float(terms[name].detach()) == kl[name] for name in [*names, "elbo"])
    expected = sum(max(kl[name], free) for name in names) - kl["reconstruction"]
    assert float(terms["loss"].detach()) == pytest.approx(expected)
    model.free_nats = 1e9
    terms = model.loss(x, torch.Generator().manual_seed(1))
    terms["loss"].backward()
    assert all(p.grad is None or p.grad.eq(0).all() for p in model.priors.parameters())


@torch.no_grad()
def test_each_layer_can_be_resampled_while_the_others_are_held(model, generator):
    for strong in [*getattr(model, "gates", []), *model.priors]:
        for parameter in strong.parameters():
            parameter.mul_(3)  # so that a layer's noise decides pixels that are drawn
    noise, other = model.draw_noise(100, generator), model.draw_noise(100, generator)
    images = model.generate(noise)
    assert torch.equal(model.generate(noise), images)
    for layer in range(1, len(model.latent_dims) + 1):
        assert not torch.equal(model.generate({**noise, layer: other[layer]}), images)
    pixels = {0: noise[0]} if 0 in noise else {}
    drawn = model.draw_latents(noise)
    for layer, (z, (mu, log_sigma)) in enumerate(zip(drawn, model.prior_at(drawn), strict=True), start=1):
        torch.testing.assert_close(z, mu + log_sigma.exp() * noise[layer])
    latents = dict(enumerate(drawn, start=1))
    top = len(model.latent_dims)
    assert torch.equal(model.generate({**other, **pixels}, latents), images)
    assert torch.equal(model.generate({**noise, top: other[top]}, {top: latents[top]}), images)
    # With z_1 held nothing above it matters: x depends on the latents through z_1 alone.
    assert torch.equal(model.generate({**other, **pixels}, {1: latents[1]}), images)


@torch.no_grad()
def test_the_generator_alone_decides(model, x):
    for call in (model.sample, lambda n, g: model.bound(x, n, g), lambda n, g: model.reconstruct(x, g)):
        one, same, other = (call(4, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(one, same)
        if call is model.sample:
            assert not torch.equal(one, other)
    state = torch.get_rng_state()
    model.sample(2, torch.Generator().manual_seed(1))
    assert torch.equal(state, torch.get_rng_state())


@torch.no_grad()
def test_a_reconstruction_takes_the_means_of_the_layers_from_the_lowest(x):
    model = build("two layers")
    (lower, _), (upper, _) = model.encode(x)
    assert torch.equal(model.reconstruct(x).flatten(1), model.decoder(lower).sigmoid())
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    expected = model.sample(5, other, held={2: upper})
    assert torch.equal(model.reconstruct(x, one, lowest=2).flatten(1), expected)


@torch.no_grad()
def test_the_config_and_the_state_rebuild_the_model(model, x, tmp_path):
    torch.save({"config": model.config, "state": model.state_dict()}, tmp_path / "checkpoint.pt")
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    again = type(model)(**checkpoint["config"]).double()
    again.load_state_dict(checkpoint["state"])
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    assert torch.equal(again.bound(x, 2, one), model.bound(x, 2, other))


def test_one_step_under_bfloat16_autocast_keeps_densities_in_float32(model, x):
    model, x = model.float(), x.float()
    exact = model.loss(x, torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    dtypes = []
    model.heads[0].register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(x, torch.Generator().manual_seed(1))
        latents, posteriors = model.posterior_sample(x, 2)
    assert dtypes[0] == torch.bfloat16
    assert all(value.dtype == torch.float32 for value in [*terms.values(), *latents, *posteriors[0]])
    torch.testing.assert_close(terms["loss"], exact["loss"], rtol=0.03, atol=0.0)
    terms["loss"].backward()
    optimizer.step()
    assert all(parameter.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("name", ["two layers", "bottom-up", "deep", "pixels"])
def test_a_model_overfits_sixteen_images(name):
    torch.manual_seed(0)
    kind, config = MODELS[name]
    wider = {"channels": (8, 16), "pixel_channels": 8} if kind is PixelVAE else {}
    model, images = kind(**{**config, "hidden": 60, "latent_dims": (8, 4), **wider}), DIGITS[:16]
    before = float(model.loss(images)["loss"].detach())
    fit(model, images, steps=250, batch_size=16, learning_rate=1e-2)
    # Sixteen images known by heart cost log 16 = 2.8 nats, if z tells which of them it is; independent pixels 20.
    with torch.no_grad():
        independent = -torch.distributions.Bernoulli(images.mean(dim=0)).entropy().sum()
        elbo = model.elbo(images, 50, torch.Generator().manual_seed(1)).mean()
    assert elbo > -13 > independent > -before


def test_nan_in_the_data_is_told_by_the_loop(model):
    x = DIGITS[:8].clone()
    x[3, 0, -1, -1] = torch.nan
    model, before = model.float(), copy.deepcopy(model.float().state_dict())
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(model, x, steps=2)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("name", PRESETS)
def test_presets_build_a_model_of_mnist(name):
    assert HierarchicalVAE(**PRESETS[name]).reconstruct(torch.rand(2, 1, 28, 28)).shape == (2, 1, 28, 28)


@pytest.mark.parametrize("posterior", ["factorized", "bottom-up"])
def test_the_large_preset_has_five_layers_whose_networks_shrink_with_them(posterior):
    with torch.device("meta"):
        model = HierarchicalVAE(**{**PRESETS["large"], "posterior": posterior})

    def sizes(network):
        layers = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
        assert all(layer.negative_slope == 0.1 for layer in network if layer not in layers)
        return (layers[0].in_features, *(layer.out_features for layer in layers))

    below = (64, 32, 16, 8) if posterior == "bottom-up" else (512, 256, 128, 64)
    units = (512, 256, 128, 64, 32)
    assert [sizes(reader) for reader in model.readers] == [
        (inputs, size, size) for inputs, size in zip((784, *below), units, strict=True)
    ]
    assert [head.weight.shape for head in model.heads] == [
        (128, 512),
        (64, 256),
        (32, 128),
        (16, 64),
        (8, 32),
    ]
    assert sizes(model.decoder) == (64, 512, 512, 784)
    assert [sizes(prior) for prior in model.priors] == [
        (32, 256, 256, 128), (16, 128, 128, 64), (8, 64, 64, 32), (4, 32, 32, 16)
    ]  # fmt: skip


@torch.no_grad()
def test_a_deep_network_is_its_formula(x):
    """The mean of q(z_1|x), and p(z_1|z_2), of two hidden layers of leaky rectifiers."""

    def network(z, *layers):
        for i, layer in enumerate(layers):
            z = z @ layer.weight.T + layer.bias
            z = torch.maximum(z, 0.1 * z) if i < 2 else z
        return z

    model, z = build("deep"), torch.randn(5, 3, dtype=torch.float64)
    expected = network(x.flatten(1), model.readers[0][0], model.readers[0][2], model.heads[0])
    expected[:, 4:] = (1 + expected[:, 4:].exp()).log().log()
    torch.testing.assert_close(torch.cat(model.encode(x)[0], dim=1), expected)
    first, _, second, _, output = model.priors[0]
    expected = network(z, first, second, output)
    expected[:, 4:] = (1 + expected[:, 4:].exp()).log().log()
    torch.testing.assert_close(torch.cat(model.prior(1, z), dim=1), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: HierarchicalVAE(hidden=(5, 4, 3)),
            "^hidden must have 2 entries, one per layer of latents; got 3$",
        ),
        (lambda: HierarchicalVAE(depth=0), "^depth must be at least 1, got 0$"),
        (
            lambda: HierarchicalVAE(activation="elu"),
            "^activation must be one of tanh, leaky_relu; got 'elu'$",
        ),
        (
            lambda: HierarchicalVAE(scale="square"),
            "^scale must be one of exp, softplus, softsign; got 'square'$",
        ),
        (lambda: HierarchicalVAE(latent_dims=()), "^latent_dims must have at least 1 layer, got none$"),
        (
            lambda: HierarchicalVAE(posterior="top-down"),
            "^posterior must be one of factorized, bottom-up; got",
        ),
        (lambda: HierarchicalVAE(free_nats=-1.0), "^free_nats must be at least 0, got -1.0$"),
        (lambda: build("two layers").bound(DIGITS[:2].double(), 0), "^the number of importance samples"),
        (lambda: build("two layers").elbo(DIGITS[:2].double(), 0), "^samples must be at least 1, got 0$"),
        (
            lambda: build("two layers").loss(torch.zeros(2, 9).double()),
            "^this model takes 64 numbers per data",
        ),
        (lambda: build("pixels").loss(torch.zeros(2, 9).double()), "^this model takes 64 numbers per data p"),
        (
            lambda: build("two layers").reconstruct(DIGITS[:2].double(), lowest=3),
            "^lowest must be a layer from 1 to 2, got ",
        ),
    ],
)
def test_what_cannot_be_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
