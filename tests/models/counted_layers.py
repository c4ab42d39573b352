"""Parameters of single layers, for the sums over the layers that a paper lists."""

from itertools import pairwise


def dense(*widths: int) -> int:
    """Weights and biases of a perceptron; of one layer for two widths."""
    return sum(before * after + after for before, after in pairwise(widths))


def conv(taps: int, before: int, after: int) -> int:
    """Weights of a convolution over so many taps, and its biases."""
    return taps * before * after + after


def normed(taps: int, before: int, after: int) -> int:
    """The same with weight normalization: a magnitude for each output besides."""
    return conv(taps, before, after) + after


def norm(features: int) -> int:
    """Scale and shift of a batch normalization."""
    return 2 * features
