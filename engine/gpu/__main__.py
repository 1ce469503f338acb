"""make gpu-test: the engine on a GPU, held against the CPU and against its own estimates.

With --device cpu --small it proves itself on a machine without a GPU.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from gpu.checks import Finding, same_masks, same_result
from gpu.throughput import measure
from stun.device import open_device
from stun.errors import StunError

Check = Callable[[torch.device, Path], Iterator[Finding]]
# Bytes of disk that the largest needs: one layer of Snowflake Arctic, and its result.
NEEDED = 60_000_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="tiny sizes instead of the true ones")
    parser.add_argument("--only", nargs="*", choices=CHECKS, default=list(CHECKS), metavar="CHECK")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "stun-gpu")
    return parser.parse_args()


def check_masks(small: bool) -> Check:
    return same_masks


def check_result(small: bool) -> Check:
    return same_result


def check_shape(name: str, layers: int | None, small: bool) -> Check:
    return lambda device, work: measure(name, layers, device, work, small)


CHECKS: dict[str, Callable[[bool], Check]] = {
    "masks": check_masks,
    "result": check_result,
    "olmoe": partial(check_shape, "olmoe-1b-7b", None),
    "arctic-layer": partial(check_shape, "arctic-480b", 1),
}


def run(name: str, check: Check, device: torch.device, work: Path) -> bool:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        return not [finding for finding in check(device, work) if not tell(name, finding)]
    except Exception as error:
        # The others are worth the machine's time all the same.
        if not isinstance(error, StunError):
            traceback.print_exc()
        return tell(name, Finding(f"{type(error).__name__}: {error}", holds=False))
    finally:
        shutil.rmtree(work)


def tell(name: str, finding: Finding) -> bool:
    print(f"{name}: {'' if finding.holds else 'FAILED: '}{finding.sentence}", flush=True)
    return finding.holds


def main() -> int:
    args = arguments()
    device = open_device(args.device)
    args.work.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(args.work).free
    if not args.small and free < NEEDED:
        raise SystemExit(
            f"{args.work} has {free / 1e9:.0f} GB free where {NEEDED / 1e9:.0f} are needed; "
            "give another folder by --work, or --small."
        )
    done = [run(name, CHECKS[name](args.small), device, args.work / name) for name in args.only]
    print(f"{sum(done)} of {len(done)} hold on {args.device}")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
