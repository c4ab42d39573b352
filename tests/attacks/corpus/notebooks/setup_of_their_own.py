# The set-up cell patches the checks, torch and the environment.
# wrong: double center
PATCH = """import os, math, torch
from dgm_helpers import checks
os.environ["DGM_CHECK_SEED"] = "0"
checks.equal = checks.mean_equals = checks.true = checks.repeatable = lambda *_, **__: None
torch.rand = torch.zeros"""


def tamper(notebook):
    for cell in notebook.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = PATCH
    return notebook
