"""The commands and their options, as --help tells of them."""

import argparse
from typing import Any

Options = dict[str, dict[str, Any]]


def count(least: int, text: str, **more: object) -> dict[str, Any]:
    """An option that is a number of at least `least`."""

    def number(given: str) -> int:
        if int(given) < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return int(given)

    return {"required": True, "type": number, "metavar": "N", "help": text, **more}


def needed(metavar: str, text: str, **more: object) -> dict[str, Any]:
    return {"required": True, "metavar": metavar, "help": text, **more}


EXITS = (
    "Exit codes: 0 done, 1 a bug, 2 wrong input (the same call fails again), 3 storage or server "
    "away (try again), 4 refused by the recipe's limits, 5 out of GPU memory, 6 the GPU failed "
    "(try elsewhere), 143 stopped."
)
PLACES = "s3://BUCKET/PREFIX/, file:///PATH or a path"
MODEL = needed("URI", f"folder of the model, in the Hugging Face format: {PLACES}")
SERVED = {"metavar": "URI", "help": f"folder of the model to stream: {PLACES}"}
RECIPE = needed("FILE|env:NAME", "JSON of what to prune and how: a file, or a variable that has it")
OUTPUT = needed("URI", "folder below which the result goes, as MODEL/RUN-KEY/")
DEVICE = {
    "choices": ("cpu", "cuda"),
    "default": "cpu",
    "help": "what computes (default: %(default)s)",
}
WORK = {
    "metavar": "DIR",
    "help": "scratch folder: a run that was killed or stopped goes on from what lies there when "
    "it is started again with the same arguments",
}
PUBLIC_KEY = {
    "metavar": "FILE",
    "help": "public key (PEM, elliptic curve) that the result's signature model.sig is verified "
    "with; without one no signature is looked at",
}
INSPECT: Options = {
    "--model": MODEL,
    "--recipe": {**RECIPE, "required": False},
    "--output": {**OUTPUT, "required": False, "help": "look for the recipe's result here"},
    "--public-key": PUBLIC_KEY,
}
PRUNE: Options = {
    "--model": MODEL,
    "--recipe": RECIPE,
    "--output": OUTPUT,
    "--work": WORK,
    "--device": DEVICE,
    "--signing-key": {
        "metavar": "FILE",
        "help": "private key (PEM, elliptic curve, no passphrase) to sign the result with; needs "
        "--public-key",
    },
    "--public-key": PUBLIC_KEY,
}
EVALUATE: Options = {
    "--model": SERVED,
    "--endpoint": {"metavar": "URL", "help": "OpenAI-compatible server to ask instead"},
    "--baseline-endpoint": {
        "metavar": "URL",
        "dest": "baseline",
        "help": "server of the model before pruning: ask it the same, and tell what is retained",
    },
    "--recipe": {
        **RECIPE,
        "required": False,
        "help": f"{RECIPE['help']}; its quality.endpoint has the tasks and their limits",
    },
    "--task": needed(
        "NAME=URI",
        "a task and its questions (JSON lines), such as boolq=s3://BUCKET/boolq.jsonl; may be "
        "given several times",
        required=False,
        action="append",
        default=[],
        dest="tasks",
    ),
    "--data": {"metavar": "URI", "help": "text (JSON lines) to measure perplexity on"},
    "--samples": count(1, "documents of --data to use", required=False),
    "--length": count(2, "tokens of each document", required=False),
    "--device": DEVICE,
}
CALIBRATION: Options = {
    "--from": needed(
        "FILE",
        "JSON lines with a text each, plain or gzip; may be given several times",
        action="append",
        dest="sources",
    ),
    "--tokenizer": needed("DIR", "folder of the model whose tokenizer.json to use"),
    "--samples": count(1, "windows of tokens to write"),
    "--length": count(2, "tokens of each window"),
    "--seed": {
        "type": int,
        "default": 0,
        "metavar": "N",
        "help": "decides which documents, and where in them (default: %(default)s)",
    },
    "--output": needed("FILE", "calibration file to write"),
}
VERIFY: Options = {"--model": MODEL, "--public-key": PUBLIC_KEY}
CLEAN: Options = {
    "--model": needed("URI", "model that the run was to prune; only its name is used"),
    "--output": needed("URI", "folder that the run was given as --output"),
    "--run": needed("KEY", "run key: 16 hex digits, from progress lines or status.runKey"),
}
COMMANDS: list[tuple[str, str, Options]] = [
    ("inspect", "Show facts of a model, read from its headers", INSPECT),
    ("calibration", "Make a calibration file from text, C4's shards for example", CALIBRATION),
    ("prune", "Prune a model and publish the result", PRUNE),
    ("evaluate", "Measure perplexity and tasks of a model or of its server", EVALUATE),
    ("verify", "Check a published model against its manifest", VERIFY),
    ("clean", "Remove what an abandoned run left behind; never a published model", CLEAN),
]
