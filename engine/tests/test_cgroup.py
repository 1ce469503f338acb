"""Where a memory cgroup may be made, on machines of either version and in containers."""

from pathlib import Path

import pytest

from tests.cgroup import V1, V2, Cgroup, Version, parents

# Lines of cgroup and of mountinfo, the folders that divide their memory, and what is found.
# Every {} is a folder in which all mounts of the case lie.
CASES: dict[str, tuple[str, str, list[str], list[tuple[str, Version]]]] = {
    "version 1": (
        "4:memory:/shell\n0::/",
        "35 31 0:32 / {}/memory rw - cgroup cgroup rw,memory\n36 31 0:33 / {}/cpu rw - cgroup c rw",
        [],
        [("memory/shell", V1)],
    ),
    "version 1, in a container that sees its own part": (
        "4:cpu,memory:/docker/one",
        "35 31 0:32 /docker/one {}/memory rw - cgroup cgroup rw,cpu,memory",
        [],
        [("memory", V1)],
    ),
    "version 1, in a container that sees another part": (
        "4:memory:/docker/one",
        "35 31 0:32 /docker/two {}/memory rw - cgroup cgroup rw,memory",
        [],
        [],
    ),
    "version 2, in a service of a user": (
        "0::/user/app/shell",
        "41 31 0:38 / {}/unified rw - cgroup2 cgroup2 rw",
        ["unified", "unified/user", "unified/user/app"],
        [("unified/user/app", V2), ("unified/user", V2), ("unified", V2)],
    ),
    "version 2, where memory is divided further up": (
        "0::/user/shell",
        "41 31 0:38 / {}/unified rw - cgroup2 cgroup2 rw",
        ["unified"],
        [("unified", V2)],
    ),
    "version 2, where it is not": ("0::/", "41 31 0:38 / {}/all rw - cgroup2 cgroup2 rw", [], []),
}


@pytest.mark.parametrize(("own", "mounts", "dividing", "found"), CASES.values(), ids=CASES)
def test_where_one_may_be_made(
    tmp_path: Path, own: str, mounts: str, dividing: list[str], found: list[tuple[str, Version]]
) -> None:
    (tmp_path / "cgroup").write_text(own + "\n")
    (tmp_path / "mountinfo").write_text(mounts.replace("{}", str(tmp_path)) + "\n")
    for folder in dividing:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "cgroup.subtree_control").write_text("cpu memory pids\n")
    assert list(parents(tmp_path)) == [(tmp_path / folder, kind) for folder, kind in found]


COUNTS = {
    "version 1": (V1, {"memory.failcnt": "7\n", "memory.oom_control": "under_oom 0\noom_kill 2\n"}),
    "version 2": (V2, {"memory.events": "low 0\nmax 7\noom 3\noom_kill 2\n"}),
}


@pytest.mark.parametrize(("version", "files"), COUNTS.values(), ids=COUNTS)
def test_what_it_counts(tmp_path: Path, version: Version, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    group = Cgroup(tmp_path, version)
    assert (group.times_met(), group.kills()) == (7, 2)
