"""The benchmark for a GPU, tried on the CPU: everything it measures, trains, draws and writes, but for the numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "gpu.py"


def run(*arguments):
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "DGM_QUIET": "1",
        "DGM_DEVICE": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_a_dry_run_measures_trains_and_writes(tmp_path):
    out = tmp_path / "out"
    done = run(
        "--dry-run", "--only", "gated_pixelcnn", "infogan", "i_revnet", "--seconds", "0.5", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    # A line as soon as something is known, and each table once.
    assert "\ninfogan, laptop: " in said and " ms per step\n" in said and "\nIWAE: K 50, steps " in said
    assert said.count("share of bf16 peak") == said.count("test NLL (L5000), nats  standard error") == 1
    result = json.loads((out / "result.json").read_text())
    assert result["dry_run"] and result["peak_tflops"] > 0
    rows = {row["model"]: row for row in result["presets"]}
    assert sorted(rows) == ["gated_pixelcnn", "i_revnet", "infogan"]
    for row in rows.values():
        assert "error" not in row
        low, middle, high = row["step_ms"]
        assert 0 < low <= middle <= high and row["gflop_per_step"] > 0 and row["share_of_peak"] > 0
    assert rows["i_revnet"]["samples_per_second"] is None and rows["infogan"]["samples_per_second"] > 0
    training = result["training"]
    assert [run["K"] for run in training["IWAE"]] == [1, 5, 50]
    assert all(run["test NLL (L5000), nats"] > 50 for run in training["IWAE"])
    assert training["Gated PixelCNN"][0]["bits per dimension"] > 0
    assert (
        training["InfoGAN"][0]["L_I of the categorical code, nats"]
        <= training["InfoGAN"][0]["its entropy, nats"]
    )
    pictures = sorted(path.name for path in out.glob("*.png"))
    assert pictures == [
        "gated_pixelcnn.png",
        "gated_pixelcnn_samples.png",
        "infogan.png",
        "infogan_codes.png",
        "iwae.png",
    ]
    report = (out / "result.md").read_text()
    assert "dry run" in report and "| gated_pixelcnn, laptop |" in report and "## InfoGAN" in report


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "this machine has no CUDA GPU; --dry-run tries everything on the CPU"),
        (("--seconds", "0"), "--seconds must be above 0, got 0"),
        (("--dry-run", "--only", "gan", "gpt"), "; got gpt"),
    ],
)  # fmt: skip
def test_runs_that_cannot_be_measured_are_refused(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2 and message in done.stderr
