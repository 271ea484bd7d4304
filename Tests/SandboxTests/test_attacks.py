# SPDX-License-Identifier: Apache-2.0
"""No attack gets hold of anything, in any form of the sandbox."""

import json
import os
import shutil
import signal
import subprocess

import pytest
from conftest import SECRET
from sandboxes import PYTHON, Limits, Policy, run

ATTACKS = [
    "reads", "writes", "connects", "processes", "environment", "system_calls", "terminal", "rights", "fork_bomb",
    "thread_bomb", "memory_bombs", "disk_fill",
]  # fmt: skip


def attack(sandbox, outside, name, **options):
    limits = Limits()
    facts = outside.facts() | vars(limits) | {"has_namespaces": sandbox.has_namespaces}
    # Without namespaces its threads count with the user's other tasks.
    facts["most_threads"] = limits.tasks + (0 if sandbox.has_namespaces else 1500)
    policy = Policy(
        arguments=[str(outside.bundle / "inside_attacks.py"), name, json.dumps(facts)],
        environment={"GIVEN": "1"},
        readOnly=[str(outside.bundle)],
        limits=limits,
    )
    return run(sandbox, policy, **options)


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_gets_nothing(sandbox, outside, name):
    if os.geteuid() == 0:
        raised = outside.bundle / "raised"
        shutil.copy(os.path.realpath(PYTHON), raised)
        raised.chmod(0o4755)
    with open(outside.token) as secret:
        done = attack(sandbox, outside, name, pass_fds=[secret.fileno()])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only there are calls of two kinds")
def test_calls_of_another_kind_end_the_program(sandbox, outside):
    done = attack(sandbox, outside, "thirty_two_bits")
    assert (done.returncode, done.stdout) == (128 + signal.SIGSYS, "")


def test_processes_share_the_memory(sandbox, outside):
    if not sandbox.has_namespaces:
        pytest.skip("without namespaces there is one process")
    done = attack(sandbox, outside, "memory_of_many")
    assert (done.returncode, done.stdout) == (128 + 9, "[]\n")
    assert done.stderr == "sandbox: Its processes had more than 512 MiB together, and were ended.\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reads", {"token"}),
        ("connects", {"tcp", "abstract", "path", "udp"}),
        ("processes", {"signal", "signal to a thread", "signal by descriptor", "signal of a descriptor", "listing"}),
        ("environment", {"SECRET"}),
    ],
)
def test_the_same_succeeds_without_a_sandbox(sandbox, outside, name, expected):
    """They are attacks: the same user, outside, gets hold of it. (Only those that leave nothing behind.)"""
    facts = outside.facts() | vars(Limits()) | {"has_namespaces": False}
    done = subprocess.run(
        [PYTHON, str(outside.bundle / "inside_attacks.py"), name, json.dumps(facts)],
        env={"SECRET": SECRET}, capture_output=True, text=True, timeout=60, **sandbox.user,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {found.rsplit("/", 1)[-1] for found in json.loads(done.stdout)} >= expected
