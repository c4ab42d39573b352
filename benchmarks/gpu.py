"""The paper presets on a GPU, and two minutes of training each of three systems: one command, nothing to install.

    python benchmarks/gpu.py                      # on a machine with a CUDA GPU: about ten minutes
    python benchmarks/gpu.py --dry-run            # the same path on a CPU, on laptop presets: some minutes
    python benchmarks/gpu.py --only gated_pixelcnn --no-training

Needs PyTorch 2.11 or later and what this package imports; no network. Each preset's training step (forward, backward,
its optimiser, bf16 autocast) is timed on images of random levels. PyTorch counts its floating-point operations, whose
rate is set against that of one large bf16 matrix product in the same run. Results go to `benchmarks/results/` as JSON,
as tables and as figures, in a folder named after machine and date.
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
    """Measure, train, and write what came of it; the exit status is 2 where there is no GPU and no dry run."""
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
    write(out, result)  # what is measured stays if training breaks down
    print("\n" + table(HEADER, preset_rows(result)) + "\n", flush=True)
    if not options.no_training:
        result["training"] = train_all(device, options.seconds, out, dry_run=options.dry_run)
        write(out, result)
    for title, header, rows in training_tables(result):
        print(f"\n{title}\n{table(header, rows)}")
    print(f"\n{out} has these tables, the numbers as JSON, and the figures")
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--dry-run", action="store_true", help="On the CPU, on laptop presets, a few steps each."
    )
    parser.add_argument(
        "--only", nargs="+", metavar="MODEL", help="Measure presets of these alone; the training runs stay."
    )
    parser.add_argument("--no-training", action="store_true", help="Leave the training runs out.")
    parser.add_argument(
        "--seconds", type=float, metavar="S",
        help="Of training for each system; 120 unless given, 10 in a dry run.",
    )  # fmt: skip
    parser.add_argument("--out", metavar="FOLDER", help="benchmarks/results/MACHINE-DATE unless given.")
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = 10.0 if options.dry_run else 120.0
    if options.seconds <= 0:
        parser.error(f"--seconds is {options.seconds:g}; training takes a time above 0")
    if unknown := set(options.only or ()) - set(registry.names()):
        parser.error(
            f"--only: no model {', '.join(sorted(unknown))}; there are {', '.join(registry.names())}"
        )
    return options


def write(out: Path, result: dict) -> None:
    """result.json and result.md in the folder."""
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    (out / "result.md").write_text(report(result))


def report(result: dict) -> str:
    """The results as Markdown."""
    title = f"{result['machine']}, {result['date']}, PyTorch {result['torch']}"
    note = "\nA dry run on a CPU: the numbers say nothing about a GPU.\n" if result["dry_run"] else ""
    lines = [f"# {title}", note, f"bf16 matrix product: {result['peak_tflops']:.3g} TFLOP/s", ""]
    lines += markdown(HEADER, preset_rows(result))
    for system, header, rows in training_tables(result):
        lines += ["", f"## {system}", "", *markdown(header, rows)]
    return "\n".join(lines) + "\n"


def preset_rows(result: dict) -> list[list[str]]:
    """A row for each preset, under :data:`HEADER`; of one that failed the reason stands in the last column."""
    return [
        [
            f"{row['model']}, {row['preset']}",
            *(["" for _ in HEADER[1:-1]] if "error" in row else preset_cells(row)),
            row["error"] if "error" in row else samples_cell(row),
        ]
        for row in result["presets"]
    ]


def training_tables(result: dict) -> list[tuple[str, list[str], list[list[str]]]]:
    """Name, header and rows for each system that was trained."""
    return [
        (system, list(runs[0]), [[cell(value) for value in run.values()] for run in runs])
        for system, runs in result.get("training", {}).items()
    ]


def preset_cells(row: dict) -> list[str]:
    """The measured columns of a preset."""
    memory = "" if row["memory_gib"] is None else f"{row['memory_gib']:.2f}"
    share = f"{100 * row['share_of_peak']:.1f} %"
    low, middle, high = row["step_ms"]
    return [
        f"{row['parameters']:,}",
        str(row["batch"]),
        f"{middle:.3g} [{low:.3g}, {high:.3g}]",
        memory,
        share,
    ]


def samples_cell(row: dict) -> str:
    """Samples a second, or a dash for what draws none."""
    rate = row["samples_per_second"]
    return "–" if rate is None else f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table."""
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows)]


def cell(value: object) -> str:
    """A value as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def machine(device: torch.device, *, short: bool = False) -> str:
    """Name of the GPU, or of the processor."""
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU {platform.machine()}"
    return name.lower().replace(" ", "-").replace("/", "-") if short else name


def today() -> str:
    """The date, as in file names."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


if __name__ == "__main__":
    sys.exit(main())
