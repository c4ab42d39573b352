"""RevNet and i-RevNet: classifiers that train as with plain autograd, and the images of i-RevNet come back."""

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.models import i_revnet, revnet
from dgm_helpers.models.i_revnet import IRevNet
from dgm_helpers.models.revnet import RevNet, Transition
from dgm_helpers.training import fit

DIGITS = data.load("digits")
SMALL = {"image_channels": 1}
MODELS = {
    "revnet": (RevNet, {**SMALL, "units": (2, 2), "channels": (8, 8, 12), "strides": (1, 2)}),
    "revnet, bottleneck": (
        RevNet,
        {**SMALL, "units": (1, 2), "channels": (8, 8, 8), "strides": (1, 2), "bottleneck": True},
    ),
    "i-revnet, injective": (
        IRevNet,
        {**SMALL, "blocks": (2, 2), "strides": (1, 2), "channels": (4, 16), "initial_block": 2},
    ),
    "i-revnet, bijective": (
        IRevNet,
        {**SMALL, "blocks": (2, 2), "strides": (2, 1), "channels": (8, 8), "initial_block": 2},
    ),
    "i-revnet, small kernels": (
        IRevNet,
        {
            **SMALL,
            "blocks": (3, 3),
            "strides": (2, 1),
            "channels": (8, 8),
            "initial_block": 2,
            "divisor": 2,
            "kernel_sizes": (1, 3, 1),
        },
    ),
}
INVERTIBLE = [name for name, (kind, _) in MODELS.items() if kind is IRevNet]


def make(name, **options):
    torch.manual_seed(0)
    kind, config = MODELS[name]
    return kind(**{**config, **options})


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture
def batch():
    return DIGITS.train[:6].double(), DIGITS.train_labels[:6]


def test_shapes(name, batch):
    model = make(name).double()
    assert model(batch[0]).shape == (6, 10)
    terms = model.loss(*batch)
    assert set(terms) == {"loss", "accuracy"} and all(term.shape == () for term in terms.values())
    logits = model.eval()(batch[0])
    expected = torch.nn.functional.cross_entropy(logits, batch[1])
    torch.testing.assert_close(model.loss(*batch)["loss"], expected)
    assert model.loss(batch[0], logits.argmax(dim=1))["accuracy"] == 1


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_a_step_is_that_of_plain_autograd(name, batch, dtype, tolerance):
    gradients, statistics = [], []
    for stored in (False, True):
        model = make(name, store_activations=stored).to(dtype)
        model.loss(batch[0].to(dtype), batch[1])["loss"].backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
        statistics.append([buffer.clone() for buffer in model.buffers()])
    assert (gradients[0] - gradients[1]).norm() / gradients[1].norm() < tolerance
    assert all(torch.equal(a, b) for a, b in zip(*statistics, strict=True))


def test_gradients_reach_every_parameter(name, batch):
    model = make(name).double()
    model.loss(*batch)["loss"].backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


def test_the_config_rebuilds_the_model(name, batch):
    model = make(name, store_activations=True).double()
    model(batch[0])  # moves the running statistics
    again = type(model)(**model.config).double().eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(batch[0]), model.eval()(batch[0])) and again.config == model.config


def test_one_step_under_bfloat16_autocast_keeps_streams_and_loss_in_float32(name, batch):
    model = make(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images = batch[0].float()
    with torch.autocast("cpu", torch.bfloat16):
        terms = model.loss(images, batch[1])
        assert model.encode(images).dtype == torch.float32
    assert terms["loss"].dtype == terms["accuracy"].dtype == torch.float32
    terms["loss"].backward()
    optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert all(parameter.grad.dtype == torch.float32 for parameter in model.parameters())


def test_a_model_overfits_sixteen_images(name):
    model = make(name)
    images, labels = DIGITS.train[:16], DIGITS.train_labels[:16]
    history = fit(model, images, labels=labels, steps=60, batch_size=16,
                  learning_rate=1e-2, log_every=10)  # fmt: skip
    assert history["loss"][-1] < 0.1 < history["loss"][0] and history["accuracy"][-1] == 1
    # In evaluation mode, with running statistics, as well: they have been counted as plain autograd does.
    assert (model(images).argmax(dim=1) == labels).double().mean() > 0.9


def test_nan_in_the_data_is_told_by_the_loop(name):
    images = DIGITS.train[:16].clone()
    images[:, 0, 3, 3] = float("nan")
    with pytest.raises(FloatingPointError, match=r"^step 1: the term 'loss' is nan; no update was made\."):
        fit(make(name), images, labels=DIGITS.train_labels[:16], steps=2)


@pytest.mark.parametrize("name", INVERTIBLE)
@pytest.mark.parametrize("training", [True, False])
@torch.no_grad()
def test_images_come_back_from_the_last_features(name, training, batch):
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        model, x = make(name).to(dtype), batch[0].to(dtype)
        model(x)
        model.train(training)
        features = model.encode(x)
        before = [buffer.clone() for buffer in model.buffers()]
        assert (model.decode(features) - x).abs().max() < tolerance
        assert all(torch.equal(a, b) for a, b in zip(before, model.buffers(), strict=True))
        assert (model.reconstruct(x) - x).abs().max() < tolerance


@torch.no_grad()
def test_bijective_features_are_as_many_as_pixels_and_any_features_have_an_image(batch):
    model = make("i-revnet, bijective").double().eval()
    features = model.encode(batch[0])
    assert features[0].numel() == 64
    torch.testing.assert_close(model.encode(model.decode(-features)), -features, rtol=1e-10, atol=1e-10)


def test_injective_features_are_more_and_the_jacobian_has_full_rank(batch):
    model = make("i-revnet, injective").double().eval()
    x = batch[0][0, :, :4, :4]
    jacobian = torch.autograd.functional.jacobian(lambda row: model.encode(row[None])[0].flatten(), x)
    jacobian = jacobian.reshape(-1, 16)
    assert jacobian.shape == (32, 16) and torch.linalg.matrix_rank(jacobian) == 16


def test_dropout_leaves_the_gradients_right_and_the_inverse_to_evaluation_mode(batch):
    gradients = []
    for stored in (False, True):
        model = make("i-revnet, injective", dropout=0.3, store_activations=stored).double()
        torch.manual_seed(5)
        model.loss(*batch)["loss"].backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() / gradients[1].norm() < 1e-10
    with pytest.raises(RuntimeError, match=r"call eval\(\) first$"):
        model.reconstruct(batch[0])
    assert (model.eval().reconstruct(batch[0]) - batch[0]).abs().max() < 1e-12


@pytest.mark.parametrize("preset", ["paper_imagenet", "released_imagenet"])
def test_the_imagenet_networks_are_bijective(preset):
    with torch.device("meta"):
        model = IRevNet(**i_revnet.PRESETS[preset])
    assert model.entering == 2 * model.half and 2 * 1536 * 7**2 == 3 * 224**2


def test_kernel_sizes_are_those_of_the_bottlenecks_convolutions():
    model = make("i-revnet, injective", kernel_sizes=(1, 5, 3))
    for step in model.chain.steps:
        sizes = [layer.kernel_size for layer in step.function if isinstance(layer, torch.nn.Conv2d)]
        assert sizes == [(1, 1), (5, 5), (3, 3)]


@pytest.mark.parametrize("model_file", [revnet, i_revnet])
def test_presets_build(model_file):
    kind = RevNet if model_file is revnet else IRevNet
    for preset in model_file.PRESETS.values():
        with torch.device("meta"):
            assert {**kind(**preset).config, **preset} == kind(**preset).config


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: RevNet(units=(3, 3)), "^units, each at least 1, and strides must have one entry"),
        (lambda: RevNet(channels=(32, 32, 63, 112)), r"^channels must be even, .* got \(32, 32, 63, 112\)$"),
        (lambda: RevNet(channels=(32, 16, 64, 112)), "^a stage of 16 feature maps cannot follow one of 32$"),
        (lambda: IRevNet(channels=(16, 32, 256)), "^stage 2 must be bijective, .* got stride 2 and 32"),
        (lambda: IRevNet(strides=(1, 3, 2)), "^stage 2 must be bijective, .* got stride 3 "),
        (
            lambda: IRevNet(image_channels=40),
            "^the first stage takes from 2 to 32 channels, got 40$",
        ),
        (
            lambda: IRevNet(kernel_sizes=(1, 2, 1)),
            r"^kernel_sizes must be three odd numbers, got \(1, 2, 1\)$",
        ),
        (
            lambda: IRevNet(kernel_sizes=(3, 3)),
            r"^kernel_sizes must be three odd numbers, got \(3, 3\)$",
        ),
        (lambda: IRevNet(image_channels=1), "^the first stage takes from 2 to 32 channels, got 1$"),
        (
            lambda: IRevNet(channels=(16, 64)),
            "^blocks, strides and channels must have one entry per stage, got ",
        ),
        (
            lambda: make("i-revnet, injective")(torch.zeros(2, 3, 8, 8)),
            "^images must have 1 channels, got 3$",
        ),
        (
            lambda: make("revnet")(torch.zeros(2, 1, 7, 8)),
            "^height and width must be multiples of 2, got 7 and 8$",
        ),
    ],
)
def test_what_cannot_be_is_told(make_it, message):
    with pytest.raises(ValueError, match=message):
        make_it()


@torch.no_grad()
def test_the_classifier_reads_the_mean_of_the_rectified_features(name, batch):
    model = make(name).double().eval()
    for parameter in model.norm.parameters():
        parameter.add_(0.5 * torch.randn_like(parameter))
    features = model.norm(model.encode(batch[0])).clamp_min(0)
    torch.testing.assert_close(model(batch[0]), model.classifier(features.mean(dim=(2, 3))))


@torch.no_grad()
@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_block_that_changes_size_is_its_formula(bottleneck):
    """Means of 2 x 2 pixels and channels of zeros behind, or with bottlenecks a projection of each half."""
    torch.manual_seed(0)
    block = Transition(4, 8, 2, bottleneck, activate=True).double().eval()
    x1, x2 = torch.randn(2, 3, 4, 6, 6, dtype=torch.float64)

    def down(x, half):
        mean = x.unflatten(2, (3, 2)).unflatten(4, (3, 2)).mean(dim=(3, 5))
        if bottleneck:
            return torch.einsum("oi,bihw->bohw", block.projections[half].weight[:, :, 0, 0], mean)
        return torch.cat([mean, torch.zeros_like(mean)], dim=1)

    y1, y2 = block(x1, x2)
    torch.testing.assert_close(y1, down(x1, 0) + block.f(x2))
    torch.testing.assert_close(y2, down(x2, 1) + block.g(y1))


def test_what_enters_a_convolution_is_normalized_and_rectified_once():
    """The first function of a network begins with its convolution, every other one with normalization and ReLU."""
    model = RevNet(image_channels=1, units=(2, 2), channels=(8, 8, 12), strides=(1, 2))
    functions = [module for module in model.stages.modules() if isinstance(module, torch.nn.Sequential)]
    assert [type(f[0]).__name__ for f in functions] == ["Conv2d", *["BatchNorm2d"] * (len(functions) - 1)]
    invertible = IRevNet(**MODELS["i-revnet, injective"][1])
    kinds = [type(step.function[0]).__name__ for step in invertible.chain.steps]
    assert kinds == ["Conv2d", "BatchNorm2d", "BatchNorm2d", "BatchNorm2d"]


def test_normalization_keeps_torchs_own_memory_of_the_past():
    # 0.9 and 0.99 are what other frameworks call 0.1 and 0.01.
    for name in MODELS:
        norms = [m for m in make(name).modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert {norm.momentum for norm in norms} == {0.1}


def test_the_divisor_is_that_of_the_inner_maps():
    for divisor, maps in ((2, [2, 2, 4]), (4, [1, 1, 4])):
        model = make("i-revnet, injective", divisor=divisor)
        convolutions = [m for m in model.chain.steps[0].modules() if isinstance(m, torch.nn.Conv2d)]
        assert [conv.out_channels for conv in convolutions] == maps


def test_weights_of_revnet_decay_and_biases_and_normalization_do_not():
    model = make("revnet")
    convolutions = {m.weight for m in model.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)}
    decaying, others = model.parameter_groups(0.1)
    assert set(decaying["params"]) == convolutions and "weight_decay" not in decaying  # the optimizer's own
    assert set(others["params"]) == set(model.parameters()) - convolutions and others["weight_decay"] == 0


def test_dropout_of_i_revnet_stands_before_the_last_convolution_and_its_normalization():
    for step in make("i-revnet, injective", dropout=0.3).chain.steps:
        kinds = [type(layer).__name__ for layer in step.function]
        assert (
            kinds[-5:] == ["Conv2d", "Dropout", "BatchNorm2d", "ReLU", "Conv2d"]
            and kinds.count("Dropout") == 1
        )
