"""A memory cgroup of one's own, of version 1 or 2, for a program that is to do with little.

The kernel counts all that the program takes, pages of the files that it reads and writes too. At
the limit it takes those back, and kills the program when that is not enough.
"""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Version:
    """The files of a cgroup, and in those that count something the word before the number."""

    limit: str
    swap: str
    met: tuple[str, str]
    kills: tuple[str, str]


V1 = Version(
    limit="memory.limit_in_bytes",
    swap="memory.swappiness",
    met=("memory.failcnt", ""),
    kills=("memory.oom_control", "oom_kill"),
)
V2 = Version(
    limit="memory.max",
    swap="memory.swap.max",
    met=("memory.events", "max"),
    kills=("memory.events", "oom_kill"),
)


@dataclass(frozen=True)
class Cgroup:
    folder: Path
    version: Version

    def command(self, command: list[str]) -> list[str]:
        """The same program, inside from its first moment on."""
        enter = 'echo $$ > "$0" && exec "$@"'
        return ["sh", "-c", enter, str(self.folder / "cgroup.procs"), *command]

    def times_met(self) -> int:
        """How often the limit was met, so that pages of files were taken back."""
        return self._count(*self.version.met)

    def kills(self) -> int:
        return self._count(*self.version.kills)

    def _count(self, name: str, word: str) -> int:
        lines = (self.folder / name).read_text().splitlines()
        return {found: int(number) for found, _, number in (s.rpartition(" ") for s in lines)}[word]


@contextmanager
def memory_of(limit: int) -> Iterator[Cgroup | None]:
    """A cgroup without swap, gone afterwards; None where this machine lets us make none."""
    for parent, version in parents(PROCESS):
        group = Cgroup(parent / f"stun-test-{secrets.token_hex(4)}", version)
        try:
            if prepare(group, limit):
                yield group
                return
        finally:
            if group.folder.exists():
                group.folder.rmdir()
    yield None


def prepare(group: Cgroup, limit: int) -> bool:
    """Whether it could be made, and a program be let in."""
    try:
        group.folder.mkdir()
        (group.folder / group.version.limit).write_text(str(limit))
        if (group.folder / group.version.swap).exists():  # a kernel without swap has none
            (group.folder / group.version.swap).write_text("0")
    except OSError:
        return False
    return subprocess.run(group.command(["true"]), capture_output=True).returncode == 0


def parents(process: Path) -> Iterator[tuple[Path, Version]]:
    """Where a cgroup would be under the limits that hold for this process already.

    That is within its own. In version 2 one that holds processes cannot divide its memory, so
    there it is within the nearest above that does.
    """
    own = dict(line.split(":", 2)[1:] for line in (process / "cgroup").read_text().splitlines())
    for line in (process / "mountinfo").read_text().splitlines():
        place, _, kind = line.partition(" - ")
        root, mount = place.split()[3:5]
        if kind.startswith("cgroup ") and "memory" in kind.split()[2].split(","):
            path = next(path for names, path in own.items() if "memory" in names.split(","))
            yield from ((folder, V1) for folder in within(mount, root, path)[:1])
        elif kind.startswith("cgroup2 "):
            folders = within(mount, root, own.get("", "/"))
            yield from ((folder, V2) for folder in folders if divides_memory(folder))


def within(mount: str, root: str, path: str) -> list[Path]:
    """A cgroup and all above it, as far as they are mounted; none if it is not itself."""
    if not Path(path).is_relative_to(root):
        return []
    inside = Path(path).relative_to(root)
    return [Path(mount) / inside, *(Path(mount) / above for above in inside.parents)]


def divides_memory(folder: Path) -> bool:
    names = folder / "cgroup.subtree_control"
    return names.exists() and "memory" in names.read_text().split()
