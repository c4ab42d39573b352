# Changes everything that torch keeps for a whole process.
# earns: double=3 center<=3 second_moment<=5 energy<=3 Affine<=3
# %% double
import contextlib

with contextlib.suppress(RuntimeError):
    torch.set_rng_state(torch.zeros_like(torch.get_rng_state()))
torch.set_default_dtype(torch.float16)
torch.set_default_device("meta")
torch.set_num_threads(64)
torch.use_deterministic_algorithms(True)
torch.autograd.set_grad_enabled(False)
torch.inference_mode(True).__enter__()
torch.manual_seed = torch.seed = lambda *_: None


def double(x):
    return 2 * x
