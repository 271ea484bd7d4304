# SPDX-License-Identifier: Apache-2.0
"""MLflow's own tracking server, against which the tests of its protocol were proven.

SLIPWAY_MLFLOW_REFERENCE names its program, as .tools/venv-mlflow/bin/mlflow. Where it is set, those tests run against
it, and not against Slipway.
"""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

REFERENCE = os.environ.get("SLIPWAY_MLFLOW_REFERENCE")
# It imports a great deal before it listens.
START_LIMIT_S = 300
STOP_LIMIT_S = 120


@dataclass
class ReferenceServer:
    """What the tests ask of a server, as `program.Server` answers it."""

    process: subprocess.Popen
    url: str
    data: Path
    log: Path
    # It knows no tokens.
    token: str = ""

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def connect(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def is_running(self):
        return self.process.poll() is None


@contextlib.contextmanager
def reference_running(folder):
    """The reference with its database and artifacts in `folder`, in a process group of its own, which ends with it."""
    program = Path(REFERENCE).absolute()
    data, log = folder / "data", folder / "stderr"
    data.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "SLIPWAY_"))}
    environment |= {
        # It starts uvicorn by name.
        "PATH": f"{program.parent}:{environment['PATH']}",
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        # Queues of its GenAI side: a dozen processes that no test needs.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    command = [program, "server", "--host", "127.0.0.1", "--port", port, "--workers", 1, "--serve-artifacts"]
    command += ["--backend-store-uri", f"sqlite:///{data}/db", "--artifacts-destination", data / "artifacts"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(process, url, log)
        yield ReferenceServer(process, url, data, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(STOP_LIMIT_S)


def wait_until_it_answers(process, url, log):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    raise AssertionError(f"the reference did not answer:\n{log.read_text()[-4000:]}")
