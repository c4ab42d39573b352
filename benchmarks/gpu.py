"""The paper presets on a GPU, and two minutes of training each of three systems: one command, nothing to install.

    python benchmarks/gpu.py                      # on a machine with a CUDA GPU: about ten minutes
    python benchmarks/gpu.py --dry-run            # the same path on a CPU, on laptop presets: a few minutes
    python benchmarks/gpu.py --only gated_pixelcnn --no-training

It needs PyTorch 2.11 or later and this package's dependencies, but no network. Each preset's training step (forward,
backward, optimizer, bf16 autocast) is timed on images of random levels. PyTorch counts its floating-point operations,
whose rate is compared with that of one large bf16 matrix product in the same run. Results go to `benchmarks/results/`
as JSON, tables and figures, in a folder named after machine and date.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package need not be installed

import torch  # noqa: E402
from gpu_presets import measure_presets  # noqa: E402
from gpu_training import train_all  # noqa: E402
from measure import options_of  # noqa: E402

from autograder.tables import table  # noqa: E402
from dgm_helpers.training import registry  # noqa: E402

RESULTS = Path(__file__).with_name("results")
HEADER = ["preset", "parameters", "batch", "step, ms", "peak memory, GiB", "share of bf16 peak", "samples/s"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, train, and write the results; the exit status is 2 without a GPU, unless this is a dry run."""
    options = parse(arguments)
    if not torch.cuda.is_available() and not options.dry_run:
        print("gpu.py: this machine has no CUDA GPU; --dry-run tries everything on the CPU", file=sys.stderr)
        return 2
    device = torch.device("cpu" if options.dry_run else "cuda")
    out = Path(options.out) if options.out else RESULTS / f"{machine(device, short=True)}-{today()}"
    out.mkdir(parents=True, exist_ok=True)
    result = {
        "machine": machine(device),
        "date": today(),
        "torch": torch.__version__,
        "dry_run": options.dry_run,
    }
    result |= measure_presets(device, only=options.only, dry_run=options.dry_run)
    write(out, result)  # before training, so that a failure there does not lose these results
    print("\n" + table(HEADER, preset_rows(result)) + "\n", flush=True)
    if not options.no_training:
        result["training"] = train_all(device, options.seconds, out, dry_run=options.dry_run)
        write(out, result)
    for title, header, rows in training_tables(result):
        print(f"\n{title}\n{table(header, rows)}")
    print(f"\n{out} contains these tables, the numbers as JSON, and the figures")
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed options."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--dry-run", action="store_true", help="Run on the CPU, on laptop presets, a few steps each."
    )
    parser.add_argument(
        "--only", nargs="+", metavar="MODEL",
        help="Measure presets of these models only; the training runs are still made.",
    )  # fmt: skip
    parser.add_argument("--no-training", action="store_true", help="Omit the training runs.")
    parser.add_argument(
        "--seconds", type=float, metavar="S",
        help="Training time per system, in seconds (default: 120; 10 in a dry run).",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="FOLDER", help="Folder of the results (default: benchmarks/results/MACHINE-DATE)."
    )
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = 10.0 if options.dry_run else 120.0
    if options.seconds <= 0:
        parser.error(f"--seconds must be above 0, got {options.seconds:g}")
    if unknown := set(options.only or ()) - set(registry.names()):
        parser.error(
            f"--only must be one or more of {', '.join(registry.names())}; got {', '.join(sorted(unknown))}"
        )
    return options


def write(out: Path, result: dict) -> None:
    """Write result.json and result.md into the folder."""
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    (out / "result.md").write_text(report(result))


def report(result: dict) -> str:
    """Return the results as Markdown."""
    title = f"{result['machine']}, {result['date']}, PyTorch {result['torch']}"
    note = "\nA dry run on a CPU: the numbers say nothing about a GPU.\n" if result["dry_run"] else ""
    lines = [f"# {title}", note, f"bf16 matrix product: {result['peak_tflops']:.3g} TFLOP/s", ""]
    lines += markdown(HEADER, preset_rows(result))
    for system, header, rows in training_tables(result):
        lines += ["", f"## {system}", "", *markdown(header, rows)]
    return "\n".join(lines) + "\n"


def preset_rows(result: dict) -> list[list[str]]:
    """Return one row per preset, under :data:`HEADER`; if a preset failed, the last column has the reason."""
    return [
        [
            f"{row['model']}, {row['preset']}",
            *(["" for _ in HEADER[1:-1]] if "error" in row else preset_cells(row)),
            row["error"] if "error" in row else samples_cell(row),
        ]
        for row in result["presets"]
    ]


def training_tables(result: dict) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return name, header and rows for each system that was trained."""
    return [
        (system, list(runs[0]), [[cell(value) for value in run.values()] for run in runs])
        for system, runs in result.get("training", {}).items()
    ]


def preset_cells(row: dict) -> list[str]:
    """Return the measured columns of a preset."""
    memory = "" if row["memory_gib"] is None else f"{row['memory_gib']:.2f}"
    share = f"{row['share_of_peak']:.1%}"
    low, middle, high = row["step_ms"]
    return [
        f"{row['parameters']:,}",
        str(row["batch"]),
        f"{middle:.3g} [{low:.3g}, {high:.3g}]",
        memory,
        share,
    ]


def samples_cell(row: dict) -> str:
    """Return samples per second, or a dash for a model that draws none."""
    rate = row["samples_per_second"]
    return "–" if rate is None else f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows)]


def cell(value: object) -> str:
    """Return a value as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def machine(device: torch.device, *, short: bool = False) -> str:
    """Return the name of the GPU, or of the processor."""
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU {platform.machine()}"
    return name.lower().replace(" ", "-").replace("/", "-") if short else name


def today() -> str:
    """Return the date, in the form for file names."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


if __name__ == "__main__":
    sys.exit(main())
