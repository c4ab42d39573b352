"""Functions that exist only for speed: each equals a plain line of PyTorch, listed next to it.

=========================================  ===========================================================
kernel                                     plain line
=========================================  ===========================================================
``linear.linear``, ``linear.product``      ``F.linear(x, weight, bias)``
``tanh.tanh``                              ``torch.tanh(x)``
``bernoulli.bernoulli_sum``                ``(x * logits - F.softplus(logits)).sum(dim=-1)``
``bernoulli_output``                       ``bernoulli_log_prob(x, layer(features))``
``attention_by_rows``                      ``softmax(masked scores) @ value``, with all scores in memory
``recomputed_chain``                       the loop over the steps, activations stored
``memory.keep_freed_memory``               nothing
=========================================  ===========================================================

With the environment variable ``DGM_PLAIN=1``, set before the first import, each kernel computes its plain line, and
sampling from an autoregressive model keeps no cache. That is slower, and equal up to rounding.
"""

import os

PLAIN = os.environ.get("DGM_PLAIN", "0") not in ("", "0")


def plain() -> bool:
    """Return whether every kernel is to compute its plain line."""
    return PLAIN
