"""The command line: arguments in, one JSON line out, exit codes that the operator acts on."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from stun.errors import EXIT_CODES, Interrupted, StunError
from stun.options import COMMANDS, EXITS
from stun.progress import Progress
from stun.progress_server import start_progress_server
from stun.stopping import obey_signals
from stun.termination import error_message, write_termination

Command = Callable[[argparse.Namespace, Progress], dict[str, Any]]


# What is left to do after a signal.
STOPPED = {
    "prune": (
        "The run was told to stop before it published anything; start it again. With --work or an "
        "output in S3 it goes on behind the last layer of its journal, else it starts over."
    ),
    "clean": "The command was told to stop before it had removed everything; start it again.",
}
STOPPED_ELSE = "The command was told to stop before it was done; start it again."


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="stun", description="Prunes mixture-of-experts models.", epilog=EXITS
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text, arguments in COMMANDS:
        command = commands.add_parser(name, help=text, description=f"{text}.", epilog=EXITS)
        for flag, options in arguments.items():
            command.add_argument(flag, **options)
    return root


def command_of(name: str) -> Command:
    """Imported late: torch takes a second that --help should not cost."""
    from stun.commands.calibration import run_calibration
    from stun.commands.clean import run_clean
    from stun.commands.evaluate import run_evaluate
    from stun.commands.inspect import run_inspect
    from stun.commands.prune import run_prune
    from stun.commands.verify import run_verify

    return {
        "inspect": run_inspect,
        "calibration": run_calibration,
        "prune": run_prune,
        "evaluate": run_evaluate,
        "verify": run_verify,
        "clean": run_clean,
    }[name]


def report_failure(reason: str, message: str) -> int:
    print(f"stun: {reason}: {message}", file=sys.stderr, flush=True)
    write_termination(error_message(reason, message))
    return EXIT_CODES[reason]


def write_answer(answer: dict[str, Any]) -> None:
    try:
        print(json.dumps(answer, allow_nan=False), flush=True)
    except OSError as error:
        # Or Python tries once more at its end, and has its own words for it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise StunError(
            "StorageUnavailable",
            f"stdout cannot be written ({error.strerror}); what was done stays, give its words "
            "another place.",
        ) from error


def execute(args: argparse.Namespace) -> int:
    """Runs a command and turns whatever happens into an exit code."""
    try:
        progress = Progress()
        start_progress_server(progress)
        answer = command_of(args.command)(args, progress)
        write_answer(answer)
        return 0
    except StunError as error:
        return report_failure(error.reason, error.message)
    except Interrupted:
        return report_failure("Interrupted", STOPPED.get(args.command, STOPPED_ELSE))
    except Exception as error:
        return report_unexpected(error)


def report_unexpected(error: Exception) -> int:
    if type(error).__name__ == "OutOfMemoryError":
        message = (
            "The GPU's memory is exhausted; use a GPU with more memory, or fewer or shorter "
            "sequences."
        )
        return report_failure("OutOfGPUMemory", message)
    traceback.print_exception(error)
    text = f"{type(error).__name__}: {error}"
    return report_failure("Internal", f"The engine failed unexpectedly: {text}.")


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    obey_signals()
    code = execute(args)
    if code == EXIT_CODES["Interrupted"]:
        # A thread may still wait for storage; the grace period must not be spent on it.
        os._exit(code)
    return code
