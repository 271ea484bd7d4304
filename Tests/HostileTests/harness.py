# SPDX-License-Identifier: Apache-2.0
"""Starts the real program, and says what it costs: memory, CPU time, descriptors."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from program import BINARY, COMMAND_LIMIT_S, MODELS, ROOT, START_LIMIT_S, STOP_LIMIT_S

SOAK = bool(os.environ.get("SLIPWAY_SOAK"))
# Of one prediction. Small, so that a body of 100 MB is far beyond it.
BODY_LIMIT = 8 << 20
NULLABLE_COLUMNS = """schema: slipway/1
model:
  name: columns
  signature:
    columns:
      first: {type: float32, nullable: true}
      second: {type: float32}
      third: {type: float32}
endpoints:
  columns: {}
"""


@dataclass
class Server:
    port: int
    process: subprocess.Popen
    environment: dict
    log: Path
    pid: int
    address: tuple = field(init=False)

    def __post_init__(self):
        self.address = ("127.0.0.1", self.port)

    @property
    def token(self):
        return self.environment["SLIPWAY_TOKEN"]

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

    def connect(self, timeout=10):
        return socket.create_connection(self.address, timeout)


def clean_environment(home):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    environment["HOME"] = str(home)
    environment["SLIPWAY_ONNXRUNTIME"] = os.environ.get(
        "SLIPWAY_ONNXRUNTIME", str(ROOT / ".tools" / "engines" / "libonnxruntime.so.1.27.0")
    )
    return environment


@contextlib.contextmanager
def running(folder, *options, data=None, variables=None, wrapper=(), descriptors=None, ends_with=0):
    """The program on a port of its own, ended by SIGTERM; a server that ended otherwise fails the test.

    `data` is the data folder, by default one of `folder`. `wrapper` is a command that runs the program, and becomes it
    by `exec`. `descriptors` is how many files it may have open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = data or folder / "data"
    output, log = folder / "stdout", folder / "stderr"
    environment = clean_environment(folder)

    def limit():
        soft = descriptors or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, soft))

    command = [*wrapper, BINARY, "serve", "--data", data, "--host", "127.0.0.1", "--port", "0"]
    command += ["--body-limit", str(BODY_LIMIT), *options]
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=ROOT,
            env={**environment, **(variables or {})},
            stdout=out,
            stderr=err,
            preexec_fn=limit,
        )
    try:
        port = port_of(process, output, log)
        # Through /proc, because the folder may be on a file system that only the server sees.
        token = Path(f"/proc/{process.pid}/root{data}/token").read_text().strip()
        environment["SLIPWAY_URL"] = f"http://127.0.0.1:{port}"
        environment["SLIPWAY_TOKEN"] = token
        yield Server(port, process, environment, log, process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        status = process.wait(STOP_LIMIT_S)
        assert status == ends_with, f"the server ended with {status}:\n{log.read_text()[-4000:]}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def port_of(process, output, log):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        line = re.search(r"^listening on https?://127\.0\.0\.1:(\d+)$", output.read_text(), re.MULTILINE)
        if line:
            return int(line.group(1))
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"the server did not say that it listens:\n{output.read_text()}{log.read_text()}")


def prepare_data_folder(folder):
    """A data folder with every model that these tests ask, copied for each server that needs its own."""
    project = folder / "nullable"
    project.mkdir(parents=True)
    shutil.copy(MODELS / "identity-fp32.onnx", project / "model.onnx")
    (project / "slipway.yaml").write_text(NULLABLE_COLUMNS)
    with running(folder) as server:
        for model, name in [
            ("identity-fp32", "echo"),
            ("identity-string", "texts"),
            ("identity-int64", "counts"),
            ("add", "add"),
            ("slow", "slow"),
        ]:
            server.slipway("deploy", MODELS / f"{model}.onnx", "--name", name)
        server.slipway("deploy", project)
    return folder / "data"
