# SPDX-License-Identifier: Apache-2.0
"""One real server for all of these tests, on a port and in a folder of its own, ended by SIGTERM.

ONNX Runtime is the one that `make setup` keeps in .tools, unless SLIPWAY_ONNXRUNTIME names another.
"""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest
import tritonclient.http as triton
from program import BINARY, COMMAND_LIMIT_S, EXAMPLES, MODELS, ROOT, START_LIMIT_S, STOP_LIMIT_S


@dataclass
class Server:
    address: str  # host:port, as tritonclient wants it
    environment: dict

    @property
    def url(self):
        return f"http://{self.address}"

    def slipway(self, *arguments):
        """Runs a command against this server. A failure shows what the command said."""
        done = subprocess.run(
            [BINARY, *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )
        command = " ".join(map(str, arguments))
        assert done.returncode == 0, f"slipway {command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if not BINARY.exists():
        pytest.exit(f"There is no program at {BINARY}: run `make build`, or set SLIPWAY_BINARY.", returncode=2)
    folder = tmp_path_factory.mktemp("slipway")
    data, output, log = folder / "data", folder / "stdout", folder / "stderr"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    environment["HOME"] = str(folder)
    environment["SLIPWAY_ONNXRUNTIME"] = os.environ.get(
        "SLIPWAY_ONNXRUNTIME", str(ROOT / ".tools" / "engines" / "libonnxruntime.so.1.27.0")
    )
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--host", "127.0.0.1", "--port", "0"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=err,
        )
    try:
        address = wait_until_listening(process, output, log)
        environment["SLIPWAY_URL"] = f"http://{address}"
        environment["SLIPWAY_TOKEN"] = (data / "token").read_text().strip()
        yield Server(address, environment)
        process.send_signal(signal.SIGTERM)
        status = process.wait(STOP_LIMIT_S)
        assert status == 0, f"the server ended with {status} on SIGTERM:\n{log.read_text()}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_listening(process, output, log):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        line = re.search(r"^listening on http://(127\.0\.0\.1:\d+)$", output.read_text(), re.MULTILINE)
        if line:
            return line.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    pytest.fail(f"the server did not say that it listens:\n{output.read_text()}{log.read_text()}")


@pytest.fixture(scope="session")
def breast_cancer(server):
    server.slipway("deploy", EXAMPLES / "breast-cancer")
    return "breast-cancer"


@pytest.fixture(scope="session")
def breast_cancer_columns(server):
    server.slipway("deploy", EXAMPLES / "breast-cancer" / "columns")
    return "breast-cancer-columns"


@pytest.fixture(scope="session")
def digits(server):
    server.slipway("deploy", EXAMPLES / "digits")
    return "digits"


@pytest.fixture(scope="session")
def deploy_fixture(server):
    """Deploys a model of Tests/Fixtures once, and gives the name of its endpoint."""
    deployed = set()

    def deploy(name):
        if name not in deployed:
            server.slipway("deploy", MODELS / f"{name}.onnx", "--name", name)
            deployed.add(name)
        return name

    return deploy


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.address, concurrency=8) as client:
        yield client
