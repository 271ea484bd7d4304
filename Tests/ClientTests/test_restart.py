# SPDX-License-Identifier: Apache-2.0
"""A server is replaced, stopped or started again while clients ask: nothing that was accepted is lost, all is counted."""
import collections
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from program import BINARY, MODELS, ROOT

BODY = b'[{"values":[1]}]'
REQUEST = (
    b"POST /v1/endpoints/scale/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
) + BODY


class Platform:
    """A data folder, and the servers that run on it one after another."""

    def __init__(self, folder):
        self.data = folder / "data"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        self.environment["SLIPWAY_DATA"] = str(self.data)
        engine = ROOT / ".tools" / "engines" / "libonnxruntime.so.1.27.0"
        self.environment["SLIPWAY_ONNXRUNTIME"] = os.environ.get("SLIPWAY_ONNXRUNTIME", str(engine))
        self.port = None

    def serve(self, *options, **arguments):
        server = subprocess.Popen(
            [BINARY, "serve", *options], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, cwd=ROOT, **arguments)
        self.port = int(server.stdout.readline().rsplit(":", 1)[1])
        return server

    def slipway(self, *arguments, code=0):
        done = subprocess.run(
            [BINARY, *map(str, arguments)], env=self.environment, capture_output=True, text=True, timeout=120, cwd=ROOT)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def accepted(self):
        """What the running server has accepted at the endpoint “scale”."""
        status = json.loads(self.slipway("status", "--format", "json").stdout)
        counts = next(endpoint for endpoint in status["endpoints"] if endpoint["name"] == "scale")["requests"]
        assert counts["accepted"] == counts["answered"]
        return counts["accepted"]


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path)
    yield platform
    subprocess.run([BINARY, "stop"], env=platform.environment, capture_output=True, timeout=90)


@contextlib.contextmanager
def ended(server):
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def answer(connection):
    """Reads one answer. Returns its status, and whether the connection goes on."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += some(connection)
    head, body = received.split(b"\r\n\r\n", 1)
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += some(connection)
    return int(head.split()[1]), b"connection: close" not in head.lower()


def some(connection):
    received = connection.recv(65536)
    if not received:
        raise EOFError("the connection ended without an answer")
    return received


class Load:
    """Clients that keep their connections, fast and slow ones, and clients that open one for each request."""

    def __init__(self, port):
        self.port, self.over, self.counts = port, threading.Event(), collections.Counter()
        kinds = [(True, 0), (True, 0), (True, 0.05), (True, 0.2), (False, 0), (False, 0), (False, 0.01)]
        self.threads = [threading.Thread(target=self.ask, args=kind) for kind in kinds]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def ask(self, keeps, pause):
        connection, counts = None, collections.Counter()
        while not self.over.is_set():
            try:
                connection = connection or socket.create_connection(("127.0.0.1", self.port), 30)
                connection.sendall(REQUEST)
                status, goes_on = answer(connection)
                counts[status] += 1
            except (OSError, EOFError) as error:
                counts[repr(error)], goes_on = counts[repr(error)] + 1, False
            if not (keeps and goes_on) and connection:
                connection.close()
                connection = None
            time.sleep(pause)
        self.counts.update(counts)


def test_a_restart_under_load_loses_nothing(platform):
    with ended(platform.serve("--port", "0")) as first:
        platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        total, processes = 0, [first.pid]
        with Load(platform.port) as load:
            for _ in range(30 if "SLIPWAY_SOAK" in os.environ else 4):
                time.sleep(0.5)
                report = json.loads(platform.slipway("restart", "--format", "json").stdout)
                assert report["previousProcessID"] == processes[-1]
                assert report["accepted"] == report["answered"] > 0
                assert report["url"].endswith(f":{platform.port}")
                total += report["accepted"]
                processes.append(report["processID"])
        assert len(set(processes)) == len(processes)
        assert set(load.counts) == {200}
        assert total + platform.accepted() == load.counts[200]
        assert first.wait(10) == 0
        assert json.loads(platform.slipway("restart", "--format", "json").stdout)["accepted"] is not None


def test_a_follower_that_is_worse_leaves_the_old_one_serving(platform):
    with ended(platform.serve("--port", "0")):
        platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        broken = next(
            path for path in platform.data.rglob("*") if path.is_file() and path.stat().st_size == (
                MODELS / "scale.onnx").stat().st_size and path.read_bytes() == (MODELS / "scale.onnx").read_bytes())
        broken.chmod(0o600)
        broken.write_bytes(b"damaged")
        with Load(platform.port) as load:
            done = platform.slipway("serve", "--take-over", code=7)
            assert "SYS-010" in done.stderr and "Fewer endpoints" in done.stderr and "scale" in done.stderr
            assert "SYS-010" in platform.slipway("restart", code=7).stderr
            # Changes are made again.
            platform.slipway("deploy", MODELS / "add.onnx", "--name", "add")
        assert set(load.counts) == {200}
        assert platform.accepted() == load.counts[200]


def test_a_follower_that_is_killed_changes_nothing(platform):
    with ended(platform.serve("--port", "0")) as server:
        platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        for _ in range(5):
            follower = subprocess.Popen(
                [BINARY, "serve", "--take-over"], env=platform.environment, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(0.03)
            follower.kill()
            follower.wait()
            if server.poll() is not None:
                pytest.skip("it had taken over already")
        platform.slipway("rollback", "scale", code=4)
        assert str(server.pid) in platform.slipway("status").stdout


def environment_of(process):
    variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return dict(variable.decode().split("=", 1) for variable in variables if variable)


def status_from_elsewhere(platform, path="/v1/endpoints/scale/predict"):
    """What a caller gets who has come by another name than this machine's: 401, unless predictions are open."""
    with socket.create_connection(("127.0.0.1", platform.port), 10) as connection:
        connection.sendall(REQUEST.replace(b"localhost", b"model.example").replace(
            b"/v1/endpoints/scale/predict", path.encode()))
        return answer(connection)[0]


def test_a_restart_has_the_environment_of_the_server_not_of_the_shell(platform):
    """In a container's shell are the platform's variables, and a server that is not the platform's may run there."""
    shell = {"AIP_HTTP_PORT": "1", "AIP_PREDICT_ROUTE": "/predict", "SAGEMAKER_BIND_TO_PORT": "2", "HTTP_PROXY": "x"}
    platform.environment["OF_THE_SERVER"] = "kept = as it is\n"
    with ended(platform.serve("--port", "0")) as first:
        platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        assert status_from_elsewhere(platform) == 401
        del platform.environment["OF_THE_SERVER"]
        platform.environment |= shell
        for _ in range(2):
            report = json.loads(platform.slipway("restart", "--format", "json").stdout)
            assert report["url"].endswith(f":{platform.port}")
            assert status_from_elsewhere(platform) == 401
            own = environment_of(report["processID"])
            assert own["OF_THE_SERVER"] == "kept = as it is\n" and not shell.keys() & own.keys()
        assert first.wait(10) == 0


def test_a_restart_keeps_what_the_platform_of_a_container_has_said(platform):
    variables = {"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "/predict", "AIP_HEALTH_ROUTE": "/health"}
    plain, platform.environment = platform.environment, {**platform.environment, **variables}
    with ended(platform.serve("--host", "127.0.0.1")):
        platform.environment = plain
        platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        assert status_from_elsewhere(platform) == 200
        process = json.loads(platform.slipway("restart", "--format", "json").stdout)["processID"]
        assert environment_of(process)["AIP_PREDICT_ROUTE"] == "/predict"
        assert status_from_elsewhere(platform) == 200
        assert status_from_elsewhere(platform, "/predict") == 400, "it takes instances, and is there"


def test_the_first_process_of_a_container_is_not_followed(platform):
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("no process namespace can be made here")
    container = subprocess.Popen(
        [*namespace, BINARY, "serve", "--port", "0"], env=platform.environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
    with ended(container):
        assert container.stdout.readline().startswith("listening on")
        first = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()[0]
        inside = ["nsenter", "--pid", "--mount", "-t", first, BINARY]
        for _ in range(2):
            done = subprocess.run(
                [*inside, "restart"], env=platform.environment, capture_output=True, text=True, timeout=120, cwd=ROOT)
            assert done.returncode == 4 and "SYS-010" in done.stderr and "container" in done.stderr, done.stderr
        status = subprocess.run([*inside, "status"], env=platform.environment, capture_output=True, timeout=120)
        assert status.returncode == 0
        os.kill(int(first), signal.SIGTERM)
        assert container.wait(30) == 0


def test_take_over_without_a_server_starts_one(platform):
    with ended(platform.serve("--take-over", "--port", "0")):
        assert "serves" in platform.slipway("restart").stdout


def ask_slow_model(platform, steps):
    """Begins a prediction that counts to `steps`; does not wait for it."""
    body = json.dumps({"inputs": [{"name": "steps", "datatype": "INT64", "shape": [1], "data": [steps]}]}).encode()
    connection = socket.create_connection(("127.0.0.1", platform.port), 30)
    connection.sendall(
        b"POST /v2/models/slow/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return connection


@pytest.mark.parametrize("signals", [1, 2])
def test_a_model_that_does_not_return_holds_no_server(platform, signals):
    limit = "1s" if signals == 1 else "1h"
    with ended(platform.serve("--port", "0", "--drain-timeout", limit)) as server:
        platform.slipway("deploy", MODELS / "slow.onnx", "--name", "slow")
        with ask_slow_model(platform, 10**12):
            time.sleep(0.5)
            start = time.monotonic()
            for _ in range(signals):
                server.send_signal(signal.SIGTERM)
                time.sleep(0.3)
            assert server.wait(20) == 8
            assert time.monotonic() - start < 10
        last = json.loads((platform.data / "server.log").read_text().splitlines()[-1])
        assert last["message"] == "stopped before everything was answered"
        assert (last["accepted"], last["answered"], last["cut"]) == ("1", "0", "1")
    # Nothing of it is in the way of the next one.
    with ended(platform.serve("--port", "0")) as server:
        server.terminate()
        assert server.wait(30) == 0


def socket_activated(platform, listener):
    """Starts a server as systemd would: with a socket that listens already, as descriptor 3."""
    def hand_over():
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
    server = subprocess.Popen(
        ["/bin/sh", "-c", f"LISTEN_PID=$$ exec {BINARY} serve"],
        env={**platform.environment, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "slipway"}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, preexec_fn=hand_over, pass_fds=(3,), cwd=ROOT)
    line = server.stdout.readline()
    assert line.rstrip().endswith(f":{listener.getsockname()[1]}"), line
    return server


def test_behind_a_socket_of_systemd_connections_wait_for_the_next_server(platform):
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        platform.port = listener.getsockname()[1]
        with ended(socket_activated(platform, listener)) as first:
            platform.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
            total = 0
            with Load(platform.port) as load:
                time.sleep(0.5)
                first.terminate()
                assert first.wait(30) == 0
                total += int(json.loads((platform.data / "server.log").read_text().splitlines()[-1])["answered"])
                time.sleep(0.3)
                second = socket_activated(platform, listener)
                time.sleep(0.5)
            with ended(second):
                assert set(load.counts) == {200}
                assert total + platform.accepted() == load.counts[200]


def test_a_port_is_shared_on_request_only(platform, tmp_path):
    other = Platform(tmp_path / "other")
    other.data.parent.mkdir()
    with ended(platform.serve("--port", "0", "--share-port")):
        with ended(other.serve("--port", str(platform.port), "--share-port")):
            answers = set()
            for _ in range(200):
                with socket.create_connection(("127.0.0.1", platform.port), 5) as connection:
                    connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    answers.add(answer(connection)[0])
            assert answers == {200}
            third = Platform(tmp_path / "third")
            assert "SYS-004" in third.slipway("serve", "--port", platform.port, code=4).stderr
