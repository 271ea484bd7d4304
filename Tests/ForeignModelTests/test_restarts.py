# SPDX-License-Identifier: Apache-2.0
"""Servers that end, are followed and start again while models run in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from foreign import OBEDIENT, SAMPLE, ask, workers
from program import SOAK, clean_environment, running, slipway


def answer(server, value=3):
    status, body = ask(server, "obedient", {"value": value, "what": "nothing"})
    return status, body["predictions"][0]["prediction"] if status == 200 else body


def exist(processes):
    return [pid for pid in processes if os.path.exists(f"/proc/{pid}")]


def gone(processes, seconds=120):
    deadline = time.monotonic() + seconds
    while exist(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not exist(processes)


def test_a_restart_is_noticed_by_nobody(obedient):
    """Requests come without a pause; the processes of the server that was followed end with it."""
    before, seen, stop = workers(obedient), [], threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                seen.append(answer(obedient))
            except OSError as error:
                seen.append(error)

    callers = [threading.Thread(target=keep_asking) for _ in range(2)]
    for caller in callers:
        caller.start()
    try:
        obedient.slipway("restart")
        obedient.process.wait(30)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
        asked_after = answer(obedient)
        obedient.slipway("stop")
    assert before and gone(before)
    assert asked_after == (200, 6)
    assert len(seen) > 10 and set(seen) == {(200, 6)}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_a_server_is_the_end_of_its_processes(deployed, how):
    with running(deployed, SLIPWAY_PYTHON=sys.executable, ends_with=0 if how == signal.SIGTERM else -how) as server:
        assert answer(server) == (200, 6)
        hanging = threading.Thread(target=hang, args=(server,))
        hanging.start()
        time.sleep(0.5)
        processes = workers(server)
        assert processes
        os.kill(server.pid, how)
        server.process.wait(40)
        hanging.join()
    assert gone(processes)


def hang(server):
    """Until its deadline; the server may be gone before."""
    try:
        ask(server, "obedient", {"value": 1, "what": "#run\nimport time; time.sleep(3600)"}, deadline="2s")
    except (OSError, ValueError):
        pass


def test_what_was_left_long_ago_goes_at_the_start(deployed):
    """Of commands that were killed."""
    stale = deployed / "data" / "prepared" / "long-ago"
    (stale / "below").mkdir(parents=True, exist_ok=True)
    os.utime(stale, (0, 0))
    with running(deployed, SLIPWAY_PYTHON=sys.executable) as server:
        assert answer(server) == (200, 6)
    assert not stale.exists()


@pytest.mark.skipif(not SOAK, reason="installs the environment from a registry; set SLIPWAY_SOAK")
def test_a_bundle_brings_its_environment_to_another_server(tmp_path):
    """Only the lock travels; what it names is installed there, when the version is deployed."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "predict.py").write_text(OBEDIENT)
    (tmp_path / "sample.csv").write_text(SAMPLE)
    here = clean_environment(tmp_path / "here") | {"SLIPWAY_PYTHON": sys.executable}
    slipway("pack", tmp_path / "model", "--examples", tmp_path / "sample.csv", "--engine", "worker", "--name", "obedient",
            "--output", tmp_path / "bundle", environment=here)  # fmt: skip
    path = f"{os.path.dirname(os.path.realpath(sys.executable))}:{os.environ['PATH']}"
    with running(tmp_path / "there", PATH=path) as server:
        server.slipway("deploy", tmp_path / "bundle")
        assert answer(server) == (200, 6)
        installed = list((server.data / "environments").glob("*/bin/python"))
        assert installed and subprocess.run([installed[0], "-c", "import numpy, pandas"]).returncode == 0
