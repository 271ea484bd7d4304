# SPDX-License-Identifier: Apache-2.0
"""Contents that nothing needs, and commands that clear them away."""

import hashlib
import json
import os
import subprocess
import time

from program import BINARY

# For servers that keep nothing of what is deleted.
KEPT_SHORTLY = ["--retain-deleted", "1s", "--retain-trash", "1h", "--retain-ledger", "1s"]


def age(path):
    """As if it had been put some days ago."""
    past = time.time() - 3 * 86_400
    os.utime(path, (past, past), follow_symlinks=False)


def blobs(fleet):
    return {path.name for path in (fleet.contents / "blobs").rglob("*") if path.is_file()}


def age_all(fleet):
    for path in (fleet.contents / "blobs").rglob("*"):
        if path.is_file():
            age(path)


def trash(fleet):
    return set(os.listdir(fleet.contents / "trash"))


def litter(fleet, count, mark):
    """Contents that no row names, some days old -> their digests"""
    found = set()
    for number in range(count):
        content = f"{mark} {number}".encode()
        digest = hashlib.sha256(content).hexdigest()
        path = fleet.contents / "blobs" / digest[:2] / digest
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        age(path)
        found.add(digest)
    return found


def begin(server, *arguments):
    """A command that runs on by itself."""
    return subprocess.Popen(
        [BINARY, *map(str, arguments)], env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def begin_clearing(server):
    return begin(server, "gc", "--apply", "--format", "json")


def in_the_middle(fleet, clearing, of):
    """Waits until some of `of` are in the trash: quickly, because clearing is quick."""
    while not of & trash(fleet):
        assert clearing.poll() is None, f"it was over before: {clearing.communicate()}"
        time.sleep(0.0005)


def outcome(clearing):
    """Its exit code, and what it said: the report as it is, or the code of its error."""
    output, errors = clearing.communicate(timeout=600)
    if clearing.returncode == 0:
        return 0, json.loads(output)
    return clearing.returncode, errors


def is_taken(told):
    """Whether clearing was left to another server."""
    code, said = told
    return code == 4 and "RPL-001" in said


def clear(server):
    """Clears away, once it is this server's turn."""
    while is_taken(told := outcome(begin_clearing(server))):
        time.sleep(0.25)
    code, report = told
    assert code == 0, report
    return report
