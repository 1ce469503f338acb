"""The models the plans are compared on, trained on demand by the fixture's own command."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from fixture import train
from fixture.loop import Plan as Training
from fixture.moe import Shape

ENGINE = Path(__file__).parents[2]
DATA = ENGINE / "fixture/data"
STEPS = 700


@dataclass(frozen=True)
class Model:
    """Every one has the same width and top-2: the same parameters work on a token, and the
    total grows with the experts, as from Mixtral to Arctic."""

    seed: int
    experts: int = Shape.experts
    steps: int = STEPS

    @property
    def stored(self) -> bool:
        return self == Model(Training.seed, Shape.experts, Training.steps)

    @property
    def name(self) -> str:
        training = Training(seed=self.seed, steps=self.steps)
        return train.name_of(training, Shape(experts=self.experts))

    @property
    def folder(self) -> Path:
        return ENGINE / "fixture/model" if self.stored else train.OTHERS / self.name


# A default is chosen on the first two and reported on the other three.
CHOICE = (Model(0, steps=Training.steps), Model(1))
REPORT = (Model(2), Model(3), Model(4))
AXIS = (Model(1, experts=4), Model(1, experts=8), Model(1, experts=16), Model(1))


def ensure(model: Model) -> None:
    """About five minutes on an idle core where the model is not there yet."""
    # The last file that the training writes.
    if (model.folder / "generation_config.json").exists():
        return
    options = {"seed": model.seed, "experts": model.experts, "steps": model.steps}
    command = [sys.executable, "-m", "fixture.train"]
    command += [f"--{name}={value}" for name, value in options.items()]
    subprocess.run(command, cwd=ENGINE, check=True)
