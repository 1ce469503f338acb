"""Starts a program from a small process, and prints [exit code, wall s, CPU s, peak bytes].

The kernel counts the peak memory of the process that starts a program into the program's own
(execve keeps the greater of the two). Started from the bench, which has imported PyTorch, a
program of 10 MB would be said to take 500.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(log: str, *command: str) -> None:
    with Path(log).open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        # Only wait4 tells the usage of this child alone.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps([process.returncode, wall, cpu, usage.ru_maxrss * 1024]))


if __name__ == "__main__":
    main(*sys.argv[1:])
