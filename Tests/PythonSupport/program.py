# SPDX-License-Identifier: Apache-2.0
"""The real program: commands, and servers on ports and in folders of their own. Needs the standard library only.

SLIPWAY_BINARY names the program to test; without it, the debug build. ONNX Runtime is the one that `make setup` keeps
in .tools, unless SLIPWAY_ONNXRUNTIME names another.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MODELS = ROOT / "Tests" / "Fixtures" / "models"
BINARY = Path(os.environ.get("SLIPWAY_BINARY", ROOT / ".build" / "debug" / "slipway"))
ENGINE = os.environ.get("SLIPWAY_ONNXRUNTIME", str(ROOT / ".tools" / "engines" / "libonnxruntime.so.1.27.0"))
SOAK = bool(os.environ.get("SLIPWAY_SOAK"))
START_LIMIT_S = 300
# Longer than the server waits for what it has accepted, so that one that gives up says so by its status.
STOP_LIMIT_S = 120
COMMAND_LIMIT_S = 600


def clean_environment(folder):
    """Nothing of the caller's own Slipway; `folder` is the home, and the data folder lies in it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    return environment | {"HOME": str(folder), "SLIPWAY_DATA": str(folder / "data"), "SLIPWAY_ONNXRUNTIME": ENGINE}


def slipway(*arguments, environment, code=0):
    """Runs a command to its end. One that ends with another code fails the test, and shows what it said."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    command = " ".join(map(str, arguments))
    assert done.returncode == code, f"slipway {command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def unfinished(data):
    """What processes are writing in a data folder, or left behind there."""
    return [path for path in (data / "contents" / "unfinished").glob("*/*") if path.name != "lock"]


@dataclass
class Server:
    process: subprocess.Popen
    url: str
    token: str
    # By which commands find it.
    environment: dict
    log: Path

    @property
    def address(self):
        """host:port, as clients want it."""
        return self.url.partition("://")[2]

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    @property
    def grpc_port(self):
        """The second port of a server that was started with one."""
        return json.loads((self.data / "server.json").read_text())["grpcPort"]

    @property
    def pid(self):
        return self.process.pid

    @property
    def data(self):
        return Path(self.environment["SLIPWAY_DATA"])

    def slipway(self, *arguments, code=0, **variables):
        """Runs a command against this server."""
        return slipway(*arguments, environment=self.environment | variables, code=code)

    def connect(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def is_running(self):
        return self.process.poll() is None

    def resident_bytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@contextlib.contextmanager
def running(folder, *options, port=0, wrapper=(), pass_fds=(), ends_with=0, **variables):
    """A server with its data in `folder`, ended by SIGTERM; one that ends with another status fails the test.

    `port` is None where something else chooses it. `wrapper` is a command that runs the program, and becomes it by
    `exec`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output, log = folder / "stdout", folder / "stderr"
    environment = clean_environment(folder) | variables
    command = [*wrapper, BINARY, "serve", *([] if port is None else ["--port", port]), *options]
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            list(map(str, command)), cwd=ROOT, env=environment, stdout=out, stderr=err, pass_fds=pass_fds
        )
    try:
        url = url_of(process, output, log)
        # Through /proc, because the folder may be on a file system that only the server sees.
        token = Path(f"/proc/{process.pid}/root{environment['SLIPWAY_DATA']}/token").read_text().strip()
        yield Server(process, url, token, environment, log)
        process.terminate()
        status = process.wait(STOP_LIMIT_S)
        assert status == ends_with, f"the server ended with {status}:\n{log.read_text()[-4000:]}"
    finally:
        process.kill()
        process.wait()


def url_of(process, output, log):
    """Where the server answers, once it says so."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        line = re.search(r"^listening on (https?://(?:127\.0\.0\.1|localhost):\d+)(?:,.*)?\n", output.read_text(), re.MULTILINE)
        if line:
            return line.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"the server did not say that it listens:\n{output.read_text()}{log.read_text()}")


def fetch(url, body=None, method=None, context=None, **headers):
    """The status and the text of an answer, whatever the status. A body that is not bytes is sent as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=300, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
