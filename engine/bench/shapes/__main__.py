"""python -m bench.shapes: list the shapes, or write one as a sparse or a random model."""

import argparse
import math
from pathlib import Path

from bench.shapes.checkpoint import write_random, write_sparse
from bench.shapes.table import MODELS
from bench.shapes.tokens import write_tokens


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.shapes", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="names, parameters and sizes")
    for name, text in (
        ("sparse", "true headers over empty files"),
        ("random", "random weights, and calibration.jsonl beside the folder"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("model", choices=MODELS)
        action.add_argument("folder", type=Path)
        action.add_argument("--seed", type=int, default=0)
        action.add_argument("--samples", type=int, default=8)
        action.add_argument("--length", type=int, default=512)
    return parser.parse_args()


def show() -> None:
    for name, model in MODELS.items():
        count = sum(math.prod(shape) for shape in model.shapes().values())
        print(f"{name:16} {count:>16,} parameters {2 * count / 1e9:>8.1f} GB  {model.source}")


def write(args: argparse.Namespace) -> None:
    model = MODELS[args.model]
    if args.action == "sparse":
        size = write_sparse(model, args.folder)
    else:
        size = write_random(model, args.folder, args.seed)
        calibration = args.folder.with_name(args.folder.name + "-calibration.jsonl")
        vocabulary = model.config["vocab_size"]
        write_tokens(calibration, vocabulary, args.samples, args.length, args.seed)
    print(f"{args.folder}: {size:,} bytes of weights")


def main() -> None:
    args = arguments()
    if args.action == "list":
        show()
    else:
        write(args)


if __name__ == "__main__":
    main()
