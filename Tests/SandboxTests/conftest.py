# SPDX-License-Identifier: Apache-2.0
"""A folder with a bundle, and what a sandboxed program must not reach: beside the bundle, and on this machine."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from sandboxes import ORDINARY_USER, PYTHON, Sandbox, sandboxes

SECRET = "a-secret-of-the-server"


@dataclass
class Outside:
    """What is around a bundle. Everything may be read by all: only the sandbox is in the way."""

    folder: Path
    bundle: Path
    token: Path
    staging: Path
    port: int
    abstract: str
    victim: int

    def facts(self) -> dict:
        return {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}


@pytest.fixture(params=sandboxes(), ids=str)
def sandbox(request) -> Sandbox:
    return request.param


@pytest.fixture
def outside(sandbox):
    folder = Path(tempfile.mkdtemp(prefix="slipway-sandbox-tests-", dir="/var/tmp"))
    folder.chmod(0o755)
    bundle, staging, token = folder / "bundle", folder / "staging", folder / "token"
    bundle.mkdir()
    staging.mkdir()
    (bundle / "model.bin").write_text("weights")
    token.write_text(SECRET)
    for source in Path(__file__).parent.glob("inside_*.py"):
        shutil.copy(source, bundle / source.name)
    if sandbox.user:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, ORDINARY_USER, ORDINARY_USER)
    listener = socket.create_server(("127.0.0.1", 0))
    abstract = f"\0slipway-sandbox-tests-{os.getpid()}"
    names = [abstract, str(folder / "server.sock")]
    local = [socket.socket(socket.AF_UNIX) for _ in names]
    for endpoint, name in zip(local, names, strict=True):
        endpoint.bind(name)
        endpoint.listen()
    os.chmod(names[1], 0o777)
    victim = subprocess.Popen(
        [PYTHON, "-c", "import time; time.sleep(600)"], env={"TOKEN": SECRET}, **sandbox.user
    )
    try:
        yield Outside(folder, bundle, token, staging, listener.getsockname()[1], abstract, victim.pid)
        assert victim.poll() is None, "a process outside of the sandbox was ended"
        assert token.read_text() == SECRET
        assert (bundle / "model.bin").read_text() == "weights"
    finally:
        victim.kill()
        victim.wait()
        for endpoint in [listener, *local]:
            endpoint.close()
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    # Of other suites in this process, some may have ended meanwhile.
    assert set(threading.enumerate()) <= before
