"""`make bench-quality`, or `.venv/bin/python -m bench.quality` in the engine's folder.

Runs that were done before are not done again, so an interrupted bench goes on. A change of the
engine's code starts it over, and so does one of the models, the texts, the scoring or PyTorch.
"""

import argparse
import json
import os
from pathlib import Path

from bench.quality.grid import cells, run_all
from bench.quality.models import AXIS, CHOICE, REPORT, ensure
from bench.quality.plans import AXIS_PLANS, AXIS_TARGET, PLANS, TARGETS
from bench.quality.report import markdown, models, rows

OUTPUT = Path.home() / ".cache/stun-operator/bench-quality"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.quality", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    for model in models():
        ensure(model)
    wanted = cells((*CHOICE, *REPORT), PLANS, TARGETS) + cells(AXIS, AXIS_PLANS, [AXIS_TARGET])
    outcomes = run_all(list(dict.fromkeys(wanted)), args.jobs)
    args.output.mkdir(parents=True, exist_ok=True)
    report = markdown(outcomes)
    (args.output / "quality.md").write_text(report)
    (args.output / "quality.json").write_text(json.dumps(rows(outcomes)) + "\n")
    print(report)


if __name__ == "__main__":
    main()
