"""The course's plot style and its colors, which `runtime.set_up` applies.

The colors are Okabe and Ito's, which readers with every kind of color vision can tell apart.
"""

import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK)
# The look of an exact value in every figure.
EXACT = {"color": BLACK, "linewidth": 1.2, "linestyle": "--"}

STYLE = {
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "image.cmap": "gray",
    "lines.linewidth": 1.8,
}


def use_style() -> None:
    """Apply the course's style to every figure that is created later."""
    plt.rcParams.update(STYLE)
