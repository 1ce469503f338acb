"""lm-evaluation-harness's own definitions of the tasks, on local lines instead of a download."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lm_eval.tasks
from datasets import Dataset
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks._yaml_loader import load_yaml

DEFINITIONS = Path(lm_eval.tasks.__file__).parent
FILES = {
    "arc_challenge": "arc/arc_challenge.yaml",
    "arc_easy": "arc/arc_easy.yaml",
    "boolq": "super_glue/boolq/default.yaml",
    "gsm8k": "gsm8k/gsm8k.yaml",
    "hellaswag": "hellaswag/hellaswag.yaml",
    "openbookqa": "openbookqa/openbookqa.yaml",
    "rte": "glue/rte/default.yaml",
    "winogrande": "winogrande/default.yaml",
}
# Splits that questions are taken from, and those of the examples shown before them.
ASKED, SHOWN = ("test", "validation"), ("train", "dev")
Lines = list[dict[str, Any]]


def splits(lines: Lines, examples: Lines) -> Callable[..., dict[str, Dataset]]:
    asked, shown = Dataset.from_list(lines), Dataset.from_list(examples)
    found = {**dict.fromkeys(ASKED, asked), **dict.fromkeys(SHOWN, shown)}
    return lambda **_: found


def harness_task(
    config: dict[str, Any], lines: Lines, examples: Lines, **changes: object
) -> ConfigurableTask:
    # Grouping is for the harness's own index, which is not built here.
    kept = {key: value for key, value in config.items() if key != "tag"}
    changes |= {"custom_dataset": splits(lines, examples)}
    return ConfigurableTask(config={**kept, **changes})


def definition(file: str) -> dict[str, Any]:
    return dict(load_yaml(DEFINITIONS / file, resolve_func=True))


def harness_tasks(name: str, lines: Lines) -> list[ConfigurableTask]:
    """The harness's multiple-choice task on these lines; of MMLU one for each subject, as there."""
    if name != "mmlu":
        return [harness_task(definition(FILES[name]), lines, lines)]
    subjects: dict[str, Lines] = {}
    for line in lines:
        subjects.setdefault(line["subject"], []).append(line)
    return [
        harness_task(definition(f"mmlu/default/mmlu_{subject}.yaml"), part, part)
        for subject, part in sorted(subjects.items())
    ]


def written_task(name: str, lines: Lines, examples: Lines) -> ConfigurableTask:
    """The harness's task that is answered by writing, after these examples in their order."""
    shown = {"fewshot_config": {"sampler": "first_n"}, "num_fewshot": len(examples)}
    return harness_task(definition(FILES[name]), lines, examples, **shown)
