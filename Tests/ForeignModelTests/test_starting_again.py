# SPDX-License-Identifier: Apache-2.0
"""Servers that are followed by another one, and bundles that travel: the same answers as before."""

import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import program
import pytest
from foreign import ask, deploy_code, kill, workers
from program import BINARY, SOAK, running

CODE = "def predict(rows):\n    return rows['value'] * 2\n"
SAMPLE = "value\n1.5\n2.5\n4\n"


def deploy(server, folder):
    folder.mkdir()
    deploy_code(server, folder, "doubled", CODE, sample=SAMPLE)


def doubled(server, value):
    status, answer = ask(server, "doubled", {"value": value})
    return status == 200 and answer["predictions"][0]["prediction"] == 2 * value


def test_a_restart_under_load_loses_nothing(tmp_path):
    """The old server answers what it has accepted, the new one has its workers ready before it takes over."""
    with running(tmp_path / "slipway", SLIPWAY_PYTHON=sys.executable) as server:
        deploy(server, tmp_path / "model")
        old = workers(server)
        with ThreadPoolExecutor(4) as pool:
            until = time.monotonic() + 6

            def asks(index):
                answers = []
                while time.monotonic() < until:
                    answers.append(doubled(server, index))
                    time.sleep(0.02)
                return answers

            asking = [pool.submit(asks, index) for index in range(4)]
            server.slipway("restart", SLIPWAY_PYTHON=sys.executable, SLIPWAY_BACKGROUND="1")
            answers = [answer for one in asking for answer in one.result()]
        try:
            assert len(answers) > 20 and all(answers)
            server.process.wait(30)
            assert not any(os.path.exists(f"/proc/{process}") for process in old)
            assert doubled(server, 21)
        finally:
            server.slipway("stop")
            # `running` ends a server that has ended by itself already.
            server.process.terminate = lambda: None


def test_a_program_that_is_replaced_on_disk_still_starts_workers(tmp_path, monkeypatch):
    """An upgrade puts the new program in the place of the old one, which goes on running until it is restarted."""
    installed = tmp_path / "prefix" / "bin" / "slipway"
    installed.parent.mkdir(parents=True)
    shutil.copy(BINARY, installed)
    shutil.copytree(program.ROOT / "python" / "slipway", tmp_path / "prefix/lib/slipway/python/slipway")
    monkeypatch.setattr(program, "BINARY", installed)
    with running(tmp_path / "slipway", SLIPWAY_PYTHON=sys.executable) as server:
        deploy(server, tmp_path / "model")
        shutil.copy(BINARY, installed.with_suffix(".new"))
        installed.with_suffix(".new").rename(installed)
        for process in workers(server):
            kill(process)
        assert doubled(server, 4)


@pytest.mark.skipif(not SOAK, reason="installs an environment")
def test_a_bundle_is_deployed_on_another_server_which_installs_its_environment(tmp_path):
    """And answers there as it did here, by a Python of its own."""
    with running(tmp_path / "here", SLIPWAY_PYTHON=sys.executable) as here:
        model = tmp_path / "model"
        deploy(here, model)
        here.slipway(
            "pack", model, "--name", "doubled", "--examples", model / "sample.csv", "--engine", "worker",
            "--output", tmp_path / "doubled.bundle")  # fmt: skip
    with running(tmp_path / "there") as there:
        there.slipway("deploy", tmp_path / "doubled.bundle")
        assert doubled(there, 4)
        assert list((there.data / "environments").glob("*/bin/python"))
    with running(tmp_path / "there") as again:
        assert doubled(again, 5)
