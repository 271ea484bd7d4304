# SPDX-License-Identifier: Apache-2.0
"""Whoever ends the sandbox ends everything in it, whatever it has started."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from sandboxes import BINARY, PYTHON, Policy, environment, start

STARTER = """
import subprocess, sys, os, json
order = json.loads(os.environ["SLIPWAY_SANDBOX_ORDER"]) | {"parent": os.getpid()}
subprocess.Popen([sys.argv[1], "sandboxed"], env={"SLIPWAY_SANDBOX_ORDER": json.dumps(order)})
sys.stdin.read()
"""


def inside(outside, sandbox):
    """Without namespaces a program cannot start another that would outlive it."""
    name = "escape" if sandbox.has_namespaces else "stay"
    mark = str(outside.bundle / "inside_work.py")
    return Policy(arguments=[mark, name], readOnly=[str(outside.bundle)]), mark


def processes(mark):
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark in (folder / "cmdline").read_bytes().decode(errors="replace").split("\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until_gone(mark):
    deadline = time.monotonic() + 120
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes(mark) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_ending_the_process_beside_it(sandbox, outside, number):
    policy, mark = inside(outside, sandbox)
    process = start(sandbox, policy)
    assert process.stdout.readline() == b"ready\n", process.stderr.read()
    assert processes(mark)
    process.send_signal(number)
    process.wait(120)
    assert wait_until_gone(mark)
    process.stdout.close()
    process.stderr.close()


def test_the_end_of_the_server(sandbox, outside):
    policy, mark = inside(outside, sandbox)
    starter = subprocess.Popen(
        [PYTHON, "-c", STARTER, BINARY.resolve()], env=environment(sandbox, policy), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, **sandbox.user,
    )  # fmt: skip
    assert starter.stdout.readline() == b"ready\n"
    assert processes(mark)
    starter.kill()
    starter.wait(120)
    assert wait_until_gone(mark)
    starter.stdin.close()
    starter.stdout.close()


def in_its_temporary_folder(sandbox, outside):
    policy = Policy(
        arguments=[str(outside.bundle / "inside_work.py"), "temporary"], readOnly=[str(outside.bundle)]
    )
    process = start(sandbox, policy)
    return process, Path(process.stdout.readline().decode().strip())


def test_the_temporary_folder_goes_with_it(sandbox, outside):
    if sandbox.has_namespaces:
        pytest.skip("with namespaces it is memory")
    process, folder = in_its_temporary_folder(sandbox, outside)
    killed, left = in_its_temporary_folder(sandbox, outside)
    assert folder != left
    for place in [folder, left]:
        assert place.stat().st_mode & 0o777 == 0o700
        assert (place / "file").exists()
    process.terminate()
    process.wait(120)
    assert not folder.exists()
    # One that is killed leaves its folder to the next.
    killed.kill()
    killed.wait(120)
    assert left.exists()
    after, last = in_its_temporary_folder(sandbox, outside)
    assert not left.exists()
    assert last.exists()
    after.terminate()
    after.wait(120)
    for each in [process, killed, after]:
        each.stdout.close()
        each.stderr.close()
