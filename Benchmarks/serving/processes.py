# SPDX-License-Identifier: Apache-2.0
"""What a process and all its descendants used, from /proc."""
import os
import pathlib
import subprocess

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")


def stat(pid):
    """The fields of /proc/PID/stat from `state` on, or None when the process has gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root):
    """The fields of `root` and of each living descendant, by process id."""
    fields = {int(name): found for name in os.listdir("/proc") if name.isdigit() and (found := stat(name))}
    members, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in fields:
            members[pid] = fields[pid]
            waiting += [child for child, found in fields.items() if int(found[1]) == pid]
    return members


def cpu_seconds(root):
    """User and system time of the tree, in seconds. A child that ended counts through the parent that waited for it."""
    return sum(sum(map(int, fields[11:15])) for fields in tree(root).values()) / TICK


def resident_mib(root):
    """Resident memory of the tree, in MiB. What two processes share counts once for each."""
    return sum(int(fields[21]) for fields in tree(root).values()) * PAGE / 2**20


def proportional_mib(root):
    """Memory of the tree, in MiB: what several processes share counts once in all."""
    total = 0
    for pid in tree(root):
        try:
            lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 2**10


def threads(root):
    return sum(int(fields[17]) for fields in tree(root).values())


def stop(process):
    """SIGTERM; SIGKILL after half a minute. The exit status."""
    process.terminate()
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
