"""Parameters of the autoregressive models' paper presets, PixelVAE's among them: sums over layers, in plain numbers."""

from counted_layers import conv, dense, norm, normed

from dgm_helpers.models.gated_pixelcnn import GatedPixelCNN
from dgm_helpers.models.pixelcnn import PixelCNN
from dgm_helpers.models.pixelcnn_pp import PixelCNNPP
from dgm_helpers.models.pixelsnail import PixelSNAIL
from dgm_helpers.models.pixelvae import PixelVAE
from dgm_helpers.models.pixelvae_map import MapPixelVAE

# Van den Oord et al.: of a 7 × 7 mask 4 × 7 taps are stored, of 3 × 3 2 × 3. 256 levels of three colors.
PIXELCNN = (
    conv(28, 3, 256) + 15 * (conv(1, 256, 128) + conv(6, 128, 128) + conv(1, 128, 256)) + conv(1, 256, 1024)
    + conv(1, 1024, 3 * 256)
)  # fmt: skip


def gated_pixelcnn(
    inputs: int, features: int, layers: int, outputs: int, first: tuple[int, int] = (21, 4)
) -> int:
    """Figure 2 with n = 5: 3 × 5 and 1 × 3 taps, ``first`` in the first layer, 3 × 7 and 1 × 4; skip connections."""
    layer = conv(15, features, 2 * features) + conv(1, 2 * features, 2 * features)
    layer += conv(3, features, 2 * features) + conv(1, features, 2 * features)
    ends = conv(first[0], inputs, features) + conv(first[1], inputs, features)
    return ends + layers * layer + conv(1, features, features) + conv(1, features, outputs)


def gated_residual(taps: int, features: int, side: int = 0, width: int = 2) -> int:
    """A block of PixelCNN++; ``width`` is 2 for concatenated ELU, which doubles what a convolution reads."""
    block = normed(taps, width * features, features) + normed(taps, width * features, 2 * features)
    return block + (normed(1, width * side, features) if side else 0)


# Salimans et al.: six taps for the stream of rows above, four for the other; 5 blocks down, 5 + 6 + 6 up.
PLUS_PLUS = (
    normed(6, 4, 192) + normed(3, 4, 192) + normed(2, 4, 192)
    + 15 * (gated_residual(6, 192) + gated_residual(4, 192, 192))
    + 17 * (gated_residual(6, 192, 192) + gated_residual(4, 192, 2 * 192))
    + 4 * (normed(6, 192, 192) + normed(4, 192, 192)) + normed(1, 192, 10 * 10)
)  # fmt: skip
SNAIL = (
    normed(3, 4, 256) + normed(2, 4, 256) + normed(1, 256, 10 * 10)
    + 12 * (
        4 * gated_residual(4, 256, width=1)
        + gated_residual(1, 3 + 256 + 2, width=1) + normed(1, 3 + 256 + 2, 16 + 128)
        + gated_residual(1, 256 + 2, width=1) + normed(1, 256 + 2, 16)
        + gated_residual(1, 256, 128, width=1)
    )
)  # fmt: skip
# Gulrajani et al.: z enters the gates of 12 layers of 16 features; our encoder.
PIXELVAE = (
    conv(16, 1, 32) + conv(16, 32, 64) + dense(7 * 7 * 64, 256, 32)
    + gated_pixelcnn(1, 16, 12, 1) + 12 * dense(16, 32)
)  # fmt: skip


def kept(features: int) -> int:
    """A residual block of two 3 × 3 convolutions, the second with a batch normalization in the place of biases."""
    return conv(9, features, features) + 9 * features**2 + norm(features)


def halved(before: int, after: int) -> int:
    """The same with a stride of 2 in its second convolution and in its shortcut."""
    return conv(9, before, before) + 9 * before * after + norm(after) + conv(1, before, after)


def doubled(before: int, after: int) -> int:
    """The same where the first convolution and the shortcut have four outputs for each feature, one a pixel."""
    return conv(9, before, 4 * after) + 9 * after**2 + norm(after) + conv(1, before, 4 * after)


# Their code's settings 64px_big, z_1 64 channels at 16 × 16 places. Enc1, Enc2, Dec2 and Dec1 without masked layers; of
# a first mask of 5 × 5 2 × 5 and 1 × 3 taps are stored.
TO_Z1_64PX = conv(1, 3, 192) + kept(192) + halved(192, 256) + 2 * kept(256) + halved(256, 512) + 3 * kept(512)
FROM_Z1_64PX = (
    conv(1, 64, 512) + 3 * kept(512) + doubled(512, 256) + 2 * kept(256) + doubled(256, 192) + kept(192)
)
PIXELVAE_64PX = (
    TO_Z1_64PX + conv(1, 512, 2 * 64)
    + 3 * kept(512) + 2 * (halved(512, 512) + 3 * kept(512)) + dense(4 * 4 * 512, 2 * 512)
    + dense(512, 4 * 4 * 512) + 3 * kept(512) + 2 * (doubled(512, 512) + 3 * kept(512))
    + gated_pixelcnn(64, 512, 2, 2 * 64, first=(10, 3)) + 2 * conv(1, 512, 2 * 512)
    + FROM_Z1_64PX + gated_pixelcnn(3, 384, 3, 3 * 256, first=(10, 3)) + 3 * conv(1, 192, 2 * 384)
)  # fmt: skip
# 32px_big, z_1 128 channels at 8 × 8 places; 258 features of the pixels where theirs are 256.
TO_Z1_32PX = (
    conv(1, 3, 128) + 2 * kept(128) + halved(128, 256) + 2 * kept(256) + halved(256, 512) + 3 * kept(512)
)
FROM_Z1_32PX = (
    conv(1, 128, 512) + 3 * kept(512) + doubled(512, 256) + 2 * kept(256) + doubled(256, 128) + 2 * kept(128)
)
PIXELVAE_32PX = (
    TO_Z1_32PX + conv(1, 512, 2 * 128)
    + 3 * kept(512) + halved(512, 512) + 3 * kept(512) + dense(4 * 4 * 512, 2 * 512)
    + dense(512, 4 * 4 * 512) + 3 * kept(512) + doubled(512, 512) + 3 * kept(512)
    + gated_pixelcnn(128, 512, 2, 2 * 128, first=(10, 3)) + 2 * conv(1, 512, 2 * 512)
    + FROM_Z1_32PX + gated_pixelcnn(3, 258, 2, 3 * 256, first=(10, 3)) + 2 * conv(1, 128, 2 * 258)
)  # fmt: skip
AUTOREGRESSIVE = {
    ("pixelcnn", "paper"): (PixelCNN, PIXELCNN),
    ("gated_pixelcnn", "paper"): (GatedPixelCNN, gated_pixelcnn(3, 384, 20, 3 * 256)),
    ("pixelcnn_pp", "paper"): (PixelCNNPP, PLUS_PLUS),
    ("pixelsnail", "paper"): (PixelSNAIL, SNAIL),
    ("pixelvae", "paper"): (PixelVAE, PIXELVAE),
    ("pixelvae", "released_64px"): (MapPixelVAE, PIXELVAE_64PX),
    ("pixelvae", "released_32px"): (MapPixelVAE, PIXELVAE_32PX),
}
