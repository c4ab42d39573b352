"""The learning-rate schedules of the papers, for ``TRAINING`` of the models' files and ``fit(schedule=…)``.

Each is a function of the steps made and of the passes over the training data made, and gives the factor that the
learning rate has in the next step; the first step has made none.
"""

# Burda et al. (2016), section 5: 3^i passes with the learning rate 1e-3 · 10^(-i/7), i = 0 … 7; 3,280 passes in all.
IWAE_STAGES = tuple((3**i, 10 ** (-i / 7)) for i in range(8))


def iwae(steps: int, passes: float) -> float:
    """Burda et al. (2016), section 5: :data:`IWAE_STAGES`; the last factor from there on."""
    for stage, factor in IWAE_STAGES:
        if passes < stage:
            return factor
        passes -= stage
    return IWAE_STAGES[-1][1]


def pixelcnn_pp(steps: int, passes: float) -> float:
    """PixelCNN++, its released code: 0.999995 to the power of the step's number, which begins at 1."""
    return 0.999995 ** (steps + 1)


def pixelsnail(steps: int, passes: float) -> float:
    """PixelSNAIL, its released code: 0.999998 to the power of the step's number, which begins at 1."""
    return 0.999998 ** (steps + 1)


def revnet(steps: int, passes: float) -> float:
    """Gomez et al. (2017), section 4 and the released configuration: a tenth after 40,000, a hundredth after 60,000."""
    return 1.0 if steps < 40_000 else 0.1 if steps < 60_000 else 0.01


def i_revnet(steps: int, passes: float) -> float:
    """Jacobsen et al. (2018), the released code for CIFAR-10: a fifth of what it was after 60, 120 and 160 passes."""
    return 0.2 ** sum(passes >= drop for drop in (60, 120, 160))


def i_revnet_imagenet(steps: int, passes: float) -> float:
    """Jacobsen et al. (2018), section 4.1: a tenth of what it was after every 160,000 steps."""
    return 0.1 ** (steps // 160_000)


def pixelvae_imagenet(steps: int, passes: float) -> float:
    """Gulrajani et al. (2017), the setting "64px_big" of the released code: a half after 180,000 steps."""
    return 1.0 if steps < 180_000 else 0.5


def improved_gan(steps: int, passes: float) -> float:
    """Salimans et al. (2016), the released code for CIFAR-10: after 800 passes a straight line to zero at 1,200."""
    return min(max(3 - int(passes) / 400, 0.0), 1.0)
