# SPDX-License-Identifier: Apache-2.0
"""Honest programs run as they do outside."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sandboxes import FAILED, PYTHON, Limits, Policy, run, start


def work(outside, name, *arguments, **settings):
    program = settings.pop("program", PYTHON)
    return Policy(
        program=program,
        arguments=[str(outside.bundle / "inside_work.py"), name, *arguments],
        readOnly=[str(outside.bundle), *settings.pop("read_only", [])],
        **settings,
    )


def succeeds(sandbox, policy):
    done = run(sandbox, policy)
    assert done.returncode == 0, done.stderr
    return done


def test_files(sandbox, outside):
    succeeds(sandbox, work(outside, "files", str(outside.bundle)))


def test_files_in_a_private_folder(sandbox, outside):
    """The server's data folder is closed to others; what lies in it is not."""
    if sandbox.is_root and os.geteuid() != 0:
        pytest.skip("needs root")
    outside.folder.chmod(0o700)
    succeeds(sandbox, work(outside, "files", str(outside.bundle)))


def test_files_by_way_of_a_link(sandbox, outside):
    link = outside.folder / "link"
    link.symlink_to(outside.folder, target_is_directory=True)
    policy = work(outside, "files", str(link / "bundle"))
    policy.readOnly = [str(link / "bundle"), str(outside.bundle)]
    succeeds(sandbox, policy)


def test_a_folder_to_write_into(sandbox, outside):
    succeeds(sandbox, work(outside, "writable", str(outside.staging), writable=[str(outside.staging)]))
    assert (outside.staging / "report.json").read_text() == "{}"


def test_threads(sandbox, outside):
    succeeds(sandbox, work(outside, "threads"))


def test_signals_to_itself(sandbox, outside):
    succeeds(sandbox, work(outside, "own_signals"))


def test_processes(sandbox, outside):
    if not sandbox.has_namespaces:
        pytest.skip("without namespaces a program starts no processes")
    succeeds(sandbox, work(outside, "processes", limits=Limits(temporary=64 << 20)))


def test_no_processes_where_the_policy_says_so(sandbox, outside):
    done = run(sandbox, work(outside, "processes", limits=Limits(startsProcesses=False)))
    assert done.returncode == 1
    assert "PermissionError" in done.stderr


def test_processors(sandbox, outside):
    succeeds(sandbox, work(outside, "processors", "1", limits=Limits(processors=1)))


def test_memory_up_to_the_limit(sandbox, outside):
    limits = Limits()
    succeeds(sandbox, work(outside, "memory", str(limits.memory), limits=limits))


def test_numpy_with_threads(sandbox, outside):
    """With the limits that are usual."""
    environment = Path(sys.prefix)
    base = Path(sys.base_prefix)
    if sandbox.user and not os.access(base, os.R_OK | os.X_OK, effective_ids=False):
        pytest.skip("this Python is root's own")
    if sandbox.user and any(place.stat().st_mode & 0o001 == 0 for place in [base, *base.parents]):
        pytest.skip("this Python is root's own")
    limits = Limits(memory=2 << 30, temporary=256 << 20, tasks=128, openFiles=1024)
    policy = work(
        outside, "numerics", program=str(environment / "bin" / "python"), read_only=[str(environment), str(base)],
        limits=limits,
    )  # fmt: skip
    succeeds(sandbox, policy)


def test_a_connection_as_standard_input_and_output(sandbox, outside):
    ours, theirs = socket.socketpair()
    with ours:
        process = start(sandbox, work(outside, "echo"), stdin=theirs, stdout=theirs)
        theirs.close()
        ours.settimeout(30)
        ours.sendall(b"hello")
        assert ours.recv(100) == b"HELLO"
        ours.shutdown(socket.SHUT_WR)
        # The program ends, and nobody beside it keeps the connection open.
        assert ours.recv(100) == b""
        assert process.wait(30) == 0
        process.stderr.close()


@pytest.mark.parametrize(("name", "arguments", "status"), [("end", ["3"], 3), ("crash", [], 128 + 11)])
def test_ends_as_the_program_ends(sandbox, outside, name, arguments, status):
    assert run(sandbox, work(outside, name, *arguments)).returncode == status


def test_says_why_it_does_not_start(sandbox, outside):
    done = run(sandbox, work(outside, "files", program="/usr/bin/no-such-program"))
    assert done.returncode == FAILED
    assert done.stderr == "sandbox: starting /usr/bin/no-such-program: No such file or directory\n"


def test_does_not_start_for_another_parent(sandbox, outside):
    """An order is for the process that gave it: when that has ended, nothing is started any more."""
    from sandboxes import BINARY, environment

    variables = environment(sandbox, work(outside, "end", "0"), parent=os.getppid())
    done = subprocess.run([BINARY, "sandboxed"], env=variables, capture_output=True, text=True, **sandbox.user)
    assert (done.returncode, done.stderr) == (FAILED, "sandbox: The server has ended.\n")
