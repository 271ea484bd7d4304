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
from program import BINARY, COMMAND_LIMIT_S, MODELS, SOAK, STOP_LIMIT_S, clean_environment, running, slipway
from wire import JSON, LIVE, Connection, NotHTTP, ask, message

PREDICT = message("POST", "/v1/endpoints/scale/predict", JSON, b'[{"values":[1]}]')
# Counts on beyond every limit of a test.
PREDICT_SLOWLY = message(
    "POST",
    "/v2/models/slow/infer",
    JSON,
    b'{"inputs":[{"name":"steps","datatype":"INT64","shape":[1],"data":[1000000000000]}]}',
)


@pytest.fixture
def platform(tmp_path):
    """A folder for servers that run in it one after another. Whichever follows by itself is stopped."""
    yield tmp_path
    subprocess.run([BINARY, "stop"], env=clean_environment(tmp_path), capture_output=True, timeout=90)


def accepted(server):
    """What the server that runs now has accepted at the endpoint “scale”."""
    status = json.loads(server.slipway("status", "--format", "json").stdout)
    counts = next(endpoint for endpoint in status["endpoints"] if endpoint["name"] == "scale")["requests"]
    assert counts["accepted"] == counts["answered"]
    return counts["accepted"]


def last_of_log(server):
    return json.loads((server.data / "server.log").read_text().splitlines()[-1])


class Load:
    """Clients that keep their connections, fast and slow ones, and clients that open one for each request."""

    def __init__(self, server):
        self.server, self.over, self.counts = server, threading.Event(), collections.Counter()
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
                connection = connection or Connection(self.server, timeout=30)
                connection.send(PREDICT)
                answer = connection.answer()
                outcome, goes_on = (answer.status, not answer.closes) if answer else ("no answer", False)
            except (OSError, NotHTTP) as error:
                outcome, goes_on = repr(error), False
            counts[outcome] += 1
            if not (keeps and goes_on) and connection:
                connection.socket.close()
                connection = None
            time.sleep(pause)
        self.counts.update(counts)


def test_a_restart_under_load_loses_nothing(platform):
    with running(platform) as first:
        first.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        total, processes = 0, [first.pid]
        with Load(first) as load:
            for _ in range(30 if SOAK else 4):
                time.sleep(0.5)
                report = json.loads(first.slipway("restart", "--format", "json").stdout)
                assert report["previousProcessID"] == processes[-1]
                assert report["accepted"] == report["answered"] > 0
                assert report["url"].endswith(f":{first.port}")
                total += report["accepted"]
                processes.append(report["processID"])
        assert len(set(processes)) == len(processes)
        assert set(load.counts) == {200}
        assert total + accepted(first) == load.counts[200]
        assert first.process.wait(STOP_LIMIT_S) == 0
        assert json.loads(first.slipway("restart", "--format", "json").stdout)["accepted"] is not None


def test_a_follower_that_is_worse_leaves_the_old_one_serving(platform):
    with running(platform) as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        model = (MODELS / "scale.onnx").read_bytes()
        broken = next(path for path in server.data.rglob("*") if path.is_file() and path.read_bytes() == model)
        broken.chmod(0o600)
        broken.write_bytes(b"damaged")
        with Load(server) as load:
            done = server.slipway("serve", "--take-over", code=7)
            assert "SYS-010" in done.stderr and "Fewer endpoints" in done.stderr and "scale" in done.stderr
            assert "SYS-010" in server.slipway("restart", code=7).stderr
            # Changes are made again.
            server.slipway("deploy", MODELS / "add.onnx", "--name", "add")
        assert set(load.counts) == {200}
        assert accepted(server) == load.counts[200]


def test_a_follower_that_is_killed_changes_nothing(platform):
    with running(platform) as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        for _ in range(5):
            follower = subprocess.Popen(
                [BINARY, "serve", "--take-over"], env=server.environment, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(0.03)
            follower.kill()
            follower.wait()
            if not server.is_running():
                pytest.skip("it had taken over already")
        server.slipway("rollback", "scale", code=4)
        assert str(server.pid) in server.slipway("status").stdout


def environment_of(process):
    variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return dict(variable.decode().split("=", 1) for variable in variables if variable)


def status_from_elsewhere(server, path="/v1/endpoints/scale/predict"):
    """What a caller gets who has come by another name than this machine's: 401, unless predictions are open."""
    request = message("POST", path, JSON, b'[{"values":[1]}]').replace(b"localhost", b"model.example")
    with Connection(server) as connection:
        connection.send(request)
        return connection.answer().status


def test_a_restart_has_the_environment_of_the_server_not_of_the_shell(platform):
    """In a container's shell are the platform's variables, and a server that is not the platform's may run there."""
    shell = {"AIP_HTTP_PORT": "1", "AIP_PREDICT_ROUTE": "/predict", "SAGEMAKER_BIND_TO_PORT": "2", "HTTP_PROXY": "x"}
    own = "kept = as it is\n"
    with running(platform, OF_THE_SERVER=own) as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        assert status_from_elsewhere(server) == 401
        del server.environment["OF_THE_SERVER"]
        for _ in range(2):
            report = json.loads(server.slipway("restart", "--format", "json", **shell).stdout)
            assert report["url"].endswith(f":{server.port}")
            assert status_from_elsewhere(server) == 401
            variables = environment_of(report["processID"])
            assert variables["OF_THE_SERVER"] == own and not shell.keys() & variables.keys()
        assert server.process.wait(STOP_LIMIT_S) == 0


def test_a_restart_keeps_what_the_platform_of_a_container_has_said(platform):
    variables = {"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "/predict", "AIP_HEALTH_ROUTE": "/health"}
    with running(platform, "--host", "127.0.0.1", port=None, **variables) as server:
        for name in variables:
            del server.environment[name]
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        assert status_from_elsewhere(server) == 200
        process = json.loads(server.slipway("restart", "--format", "json").stdout)["processID"]
        assert environment_of(process)["AIP_PREDICT_ROUTE"] == "/predict"
        assert status_from_elsewhere(server) == 200
        assert status_from_elsewhere(server, "/predict") == 400, "it takes instances, and is there"


def test_the_first_process_of_a_container_is_not_followed(platform):
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("no process namespace can be made here")
    environment = clean_environment(platform)
    container = subprocess.Popen(
        [*namespace, BINARY, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        assert container.stdout.readline().startswith("listening on")
        first = int(Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()[0])

        def inside(*arguments):
            command = ["nsenter", "--pid", "--mount", "-t", str(first), BINARY, *arguments]
            return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)

        for _ in range(2):
            done = inside("restart")
            assert done.returncode == 4 and "SYS-010" in done.stderr and "container" in done.stderr, done.stderr
        assert inside("status").returncode == 0
        os.kill(first, signal.SIGTERM)
        assert container.wait(STOP_LIMIT_S) == 0
    finally:
        container.kill()
        container.wait()


def test_take_over_without_a_server_starts_one(platform):
    with running(platform, "--take-over") as server:
        assert "serves" in server.slipway("restart").stdout


@pytest.mark.parametrize("signals", [1, 2])
def test_a_model_that_does_not_return_holds_no_server(platform, signals):
    limit = "1s" if signals == 1 else "1h"
    with running(platform, "--drain-timeout", limit, ends_with=8) as server:
        server.slipway("deploy", MODELS / "slow.onnx", "--name", "slow")
        with Connection(server) as connection:
            connection.send(PREDICT_SLOWLY)
            # Its thread may be the one that a question would wait for.
            time.sleep(2)
            start = time.monotonic()
            for _ in range(signals):
                server.process.terminate()
                time.sleep(0.3)
            assert server.process.wait(STOP_LIMIT_S) == 8
            assert time.monotonic() - start < 25, "the standard limit is 30 s"
        last = last_of_log(server)
        assert last["message"] == "stopped before everything was answered"
        assert (last["accepted"], last["answered"], last["cut"]) == ("1", "0", "1")
    # Nothing of it is in the way of the next one.
    with running(platform):
        pass


@contextlib.contextmanager
def socket_activated(folder, listener):
    """A server as systemd starts it: with a socket that listens already, as descriptor 3."""
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=slipway exec "$@" 3<&{listener.fileno()}'
    wrapper = ["bash", "-c", script, "bash"]
    with running(folder, port=None, wrapper=wrapper, pass_fds=[listener.fileno()]) as server:
        assert server.port == listener.getsockname()[1]
        yield server


def test_behind_a_socket_of_systemd_connections_wait_for_the_next_server(platform):
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, contextlib.ExitStack() as servers:
        first = servers.enter_context(socket_activated(platform, listener))
        first.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        with Load(first) as load:
            time.sleep(0.5)
            first.process.terminate()
            assert first.process.wait(STOP_LIMIT_S) == 0
            total = int(last_of_log(first)["answered"])
            time.sleep(0.3)
            second = servers.enter_context(socket_activated(platform, listener))
            time.sleep(0.5)
        assert set(load.counts) == {200}
        assert total + accepted(second) == load.counts[200]


def test_a_port_is_shared_on_request_only(tmp_path):
    with running(tmp_path / "one", "--share-port") as one:
        with running(tmp_path / "two", "--share-port", port=one.port):
            assert {ask(one, LIVE).status for _ in range(200)} == {200}
            third = clean_environment(tmp_path / "third")
            assert "SYS-004" in slipway("serve", "--port", one.port, environment=third, code=4).stderr
