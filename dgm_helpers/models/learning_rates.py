"""The learning-rate schedules of the papers, for ``TRAINING`` of the models' files and ``fit(schedule=…)``.

Each is a function of the numbers of steps and of passes over the training data made so far, both 0 before the first
step, and returns the factor of the learning rate in the next step.
"""

# Burda et al. (2016), section 5: 3^i passes with the learning rate 1e-3 · 10^(-i/7), i = 0 … 7; 3,280 passes in all.
IWAE_STAGES = tuple((3**i, 10 ** (-i / 7)) for i in range(8))


def iwae(steps: int, passes: float) -> float:
    """Return the factor of :data:`IWAE_STAGES`, and the last one after all stages. Burda et al. (2016), section 5."""
    for stage, factor in IWAE_STAGES:
        if passes < stage:
            return factor
        passes -= stage
    return IWAE_STAGES[-1][1]


def pixelcnn_pp(steps: int, passes: float) -> float:
    """Return 0.999995 to the power of the next step's number, which starts at 1. The released code of PixelCNN++."""
    return 0.999995 ** (steps + 1)


def pixelsnail(steps: int, passes: float) -> float:
    """Return 0.999998 to the power of the next step's number, which starts at 1. The released code of PixelSNAIL."""
    return 0.999998 ** (steps + 1)


def revnet(steps: int, passes: float) -> float:
    """Return 0.1 after 40,000 steps and 0.01 after 60,000. Gomez et al. (2017), section 4; released configuration."""
    return 1.0 if steps < 40_000 else 0.1 if steps < 60_000 else 0.01


def i_revnet(steps: int, passes: float) -> float:
    """Return a factor that falls to a fifth after 60, 120 and 160 passes. i-RevNet's released code for CIFAR-10."""
    return 0.2 ** sum(passes >= drop for drop in (60, 120, 160))


def i_revnet_imagenet(steps: int, passes: float) -> float:
    """Return a factor that falls to a tenth every 160,000 steps. Jacobsen et al. (2018), section 4.1."""
    return 0.1 ** (steps // 160_000)


def pixelvae_imagenet(steps: int, passes: float) -> float:
    """Return 0.5 after 180,000 steps. Gulrajani et al. (2017), the setting "64px_big" of the released code."""
    return 1.0 if steps < 180_000 else 0.5


def improved_gan(steps: int, passes: float) -> float:
    """Return a factor that falls linearly from 1 at 800 passes to 0 at 1,200. Improved GAN's released CIFAR-10 code."""
    return min(max(3 - int(passes) / 400, 0.0), 1.0)
