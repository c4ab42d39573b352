"""What holds of every model that `dgm-train` knows, at the laptop's size: half precision, and data that are NaN."""

import copy

import pytest
import torch

from dgm_helpers import data
from dgm_helpers.runtime import generator
from dgm_helpers.training import fit, registry
from dgm_helpers.training.evaluation import takes_labels


@pytest.fixture(params=registry.names())
def trained(request):
    """A model and a batch of four as it is trained on, with labels where it takes them."""
    entry = registry.find(request.param, "laptop")
    torch.manual_seed(0)
    model, dataset = entry.build(), data.load(entry.training.data)
    x = dataset.train[:4]
    if entry.training.transform is not None:
        x = entry.training.transform(x, generator(0))
    x = x.flatten(1) if "data_dim" in model.config else x
    return model, x, dataset.train_labels[:4] if takes_labels(model) else None


def loss(model, x, labels):
    return model.loss(x, **({} if labels is None else {"label": labels}), generator=generator(1))


def test_a_step_under_bfloat16_autocast_keeps_all_terms_in_float32(trained):
    model, x, labels = trained
    twin = copy.deepcopy(model)
    with torch.autocast("cpu", torch.bfloat16):
        terms = loss(model, x, labels)
    assert all(term.dtype == torch.float32 for term in terms.values())
    exact = loss(twin, x, labels)
    for name in terms.keys() - {"accuracy"}:  # one image of four that is seen otherwise would be a quarter
        # What bfloat16 rounds within a network moves a likelihood of thousands of nats a little, a KL hardly at all.
        torch.testing.assert_close(terms[name].detach(), exact[name].detach(), rtol=0.01, atol=0.03)
    terms["loss"].backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients and all(g.dtype == torch.float32 and g.isfinite().all() for g in gradients)


def test_a_batch_with_nan_is_reported_and_nothing_of_the_model_changes(trained):
    model, x, labels = trained
    x = x.clone()
    x.view(4, -1)[1, -1] = torch.nan
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(FloatingPointError, match=r"^step 1: the term '\w+' is nan; no update was made"):
        fit(model, x, labels=labels, steps=1, batch_size=4)
    for name, value in model.state_dict().items():  # running statistics among it
        assert torch.equal(value, before[name]), name


LATENT = ("beta_vae", "factor_vae", "hierarchical_vae", "iaf", "iwae", "pixelvae", "vae", "vlae")


@pytest.mark.parametrize("trained", LATENT, indirect=True)
def test_what_is_encoded_learns_from_what_is_decoded(trained):
    """The gradient of the reconstruction passes the sample of z: without that path the encoder sees the KL alone."""
    model, x, labels = trained
    encoder = model.readers if hasattr(model, "readers") else model.encoder
    gradients = torch.autograd.grad(
        loss(model, x, labels)["reconstruction"], list(encoder.parameters()), allow_unused=True
    )
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
