"""make bench-engine: the engine beside other programs, then the true shape of OLMoE-1B-7B.

The files are in the page cache for everyone: the source is small and was just written. Times
of a busy machine are worth nothing, ratios of pairs are worth something.
"""

import argparse
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.shapes.checkpoint import write_random
from bench.shapes.tokens import write_tokens
from bench.speed.contestants import OTHERS, WHOLE, Contestant, Workload, engine, small
from bench.speed.environments import cache
from bench.speed.measure import Usage, in_turn, measure, middle
from bench.speed.tables import Comparison, as_json, in_words, machine, markdown
from bench.speed.true_shape import measure_true_shape, require_room

SAMPLES, LENGTH = 48, 128


def arguments() -> argparse.Namespace:
    names = [other.name for other in OTHERS]
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="counted runs of each program")
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="PROGRAM")
    parser.add_argument("--no-true-shape", action="store_true", help="needs no 28 GB of disk")
    parser.add_argument("--work", type=Path, default=cache() / "speed", help="scratch folder")
    results = cache() / "bench-speed"
    parser.add_argument("--output", type=Path, default=results, help="where speed.md/.json go")
    return parser.parse_args()


def make_workload(work: Path) -> Workload:
    model = small()
    write_random(model, work / "model", seed=0)
    vocabulary = model.config["vocab_size"]
    calibration = write_tokens(work / "tokens.jsonl", vocabulary, SAMPLES, LENGTH, seed=0)
    return Workload(work / "model", calibration, SAMPLES, LENGTH, work / "result")


def once(contestant: Contestant, workload: Workload, work: Path) -> Usage:
    """One run into a fresh folder, which is removed."""
    output = work / "output"
    shutil.rmtree(output, ignore_errors=True)
    usage = measure(contestant.command(workload, output), work / "log")
    shutil.rmtree(output)
    return usage


def start_up(contestant: Contestant, work: Path, runs: int) -> Usage:
    """Of a program that only imports what this one imports."""
    return middle([measure(contestant.importing(), work / "log") for _ in range(runs)])


def compare(other: Contestant, workload: Workload, work: Path, pairs: int) -> Comparison:
    print(f"{other.name}: {pairs} pairs", flush=True)
    own = engine(other.job)
    imports, own_imports = (start_up(who, work, pairs) for who in (other, own))
    runs, own_runs = in_turn(
        partial(once, other, workload, work), partial(once, own, workload, work), pairs
    )
    return Comparison(other.name, other.does, other.job, runs, own_runs, imports, own_imports)


def report(comparisons: list[Comparison], torch_only: Usage, true_shape: str) -> str:
    table = markdown(comparisons) + "\n\n" + in_words(comparisons) if comparisons else ""
    shape = f"{SAMPLES} x {LENGTH} tokens; importing PyTorch alone takes {torch_only.cpu:.1f} CPU s"
    return f"{machine()}. {shape}.\n\n{table}\n\n{true_shape}".rstrip() + "\n"


def write(output: Path, text: str, comparisons: list[Comparison]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "speed.md").write_text(text)
    found = [as_json(comparison) for comparison in comparisons]
    (output / "speed.json").write_text(json.dumps(found, indent=2) + "\n")


def run(args: argparse.Namespace, work: Path) -> None:
    if not args.no_true_shape:
        require_room(work)
    workload = make_workload(work)
    measure(engine(WHOLE).command(workload, workload.result), work / "log")
    torch_only = start_up(replace(engine(WHOLE), imports="torch"), work, args.pairs)
    chosen = [other for other in OTHERS if other.name in args.only]
    comparisons: list[Comparison] = []
    # Written after each, for the next may fail.
    for other in chosen:
        comparisons.append(compare(other, workload, work, args.pairs))
        write(args.output, report(comparisons, torch_only, ""), comparisons)
    true_shape = "" if args.no_true_shape else measure_true_shape(work / "true-shape")
    text = report(comparisons, torch_only, true_shape)
    write(args.output, text, comparisons)
    print("\n" + text)


def main() -> None:
    args = arguments()
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    try:
        run(args, args.work)
    finally:
        shutil.rmtree(args.work)


if __name__ == "__main__":
    main()
