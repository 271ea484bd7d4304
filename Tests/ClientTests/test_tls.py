# SPDX-License-Identifier: Apache-2.0
"""A server with a certificate: clients that trust it, the command line, and a certificate that is replaced."""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request

import numpy
import onnxruntime
import pytest
import tritonclient.http as triton
import tritonclient.http.aio
from program import BINARY, EXAMPLES, ROOT

TABLE = EXAMPLES / "breast-cancer" / "examples.csv"
ROWS = numpy.loadtxt(TABLE, delimiter=",", skiprows=1, dtype=numpy.float32)[:, :30]


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem.new",
         "-out", folder / "chain.pem.new"],
        check=True, capture_output=True)
    for file in ["key.pem", "chain.pem"]:
        os.replace(folder / f"{file}.new", folder / file)


@pytest.fixture
def secure(tmp_path, server):
    make_certificate(tmp_path, "first")
    # Nothing that would lead the commands to the other tests' server.
    environment = {name: value for name, value in server.environment.items()
                   if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    environment |= {"HOME": str(tmp_path), "SLIPWAY_DATA": str(tmp_path / "data")}
    process = subprocess.Popen(
        [BINARY, "serve", "--port", "0", "--tls-certificate", tmp_path / "chain.pem", "--tls-key", tmp_path / "key.pem"],
        env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    url = process.stdout.readline().split()[-1]
    yield tmp_path, url, environment
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_predictions_and_commands_go_over_tls(secure):
    folder, url, environment = secure
    assert url.startswith("https://")
    done = subprocess.run(
        [BINARY, "deploy", EXAMPLES / "breast-cancer"], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    trusting = ssl.create_default_context(cafile=folder / "chain.pem")
    address = url.replace("127.0.0.1", "localhost")
    body = (EXAMPLES / "breast-cancer" / "row.json").read_bytes()
    request = urllib.request.Request(
        f"{address}/v1/endpoints/breast-cancer/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, context=trusting) as answer:
        assert len(json.load(answer)["predictions"]) == 1
    # The framework's side of a connection, by the command line, under a name that the certificate does not have.
    done = subprocess.run([BINARY, "status"], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "breast-cancer" in done.stdout, done.stderr
    # Another machine's command line: only with the certificate at hand.
    remote = {name: value for name, value in environment.items() if name != "SLIPWAY_DATA"} | {
        "SLIPWAY_URL": address, "SLIPWAY_TOKEN": (folder / "data" / "token").read_text().strip()}
    refused = subprocess.run([BINARY, "status"], env=remote, capture_output=True, text=True, cwd=ROOT)
    assert refused.returncode == 7
    trusted = subprocess.run(
        [BINARY, "status"], env=remote | {"SLIPWAY_CA_FILE": str(folder / "chain.pem")}, capture_output=True, text=True,
        cwd=ROOT)
    assert trusted.returncode == 0, trusted.stderr


def test_a_replaced_certificate_is_shown_without_a_restart(secure):
    folder, url, _ = secure
    host, port = url.removeprefix("https://").split(":")

    def shown():
        return ssl.get_server_certificate((host, int(port)))

    first = shown()
    # One file of two does not fit the other, and changes nothing.
    good = (folder / "key.pem").read_bytes()
    (folder / "key.pem").write_bytes(b"nonsense")
    time.sleep(6)
    assert shown() == first
    (folder / "key.pem").write_bytes(good)
    make_certificate(folder, "second")
    deadline = time.monotonic() + 20
    while shown() == first and time.monotonic() < deadline:
        time.sleep(0.5)
    assert shown() == (folder / "chain.pem").read_text()


def test_a_certificate_without_its_key_is_refused(tmp_path, server):
    make_certificate(tmp_path, "one")
    key = (tmp_path / "key.pem").read_bytes()
    make_certificate(tmp_path, "two")
    (tmp_path / "key.pem").write_bytes(key)
    done = subprocess.run(
        [BINARY, "serve", "--data", tmp_path / "data", "--port", "0", "--tls-certificate", tmp_path / "chain.pem",
         "--tls-key", tmp_path / "key.pem"],
        env=server.environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "SYS-009" in done.stderr


def test_tritonclient_goes_over_tls_when_it_trusts_the_certificate(secure):
    folder, url, environment = secure
    done = subprocess.run(
        [BINARY, "deploy", EXAMPLES / "breast-cancer"], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    address = url.removeprefix("https://").replace("127.0.0.1", "localhost")
    session = onnxruntime.InferenceSession(EXAMPLES / "breast-cancer" / "model.onnx")
    (expected,) = session.run(["probabilities"], {"features": ROWS})
    features = [triton.InferInput("features", list(ROWS.shape), "FP32").set_data_from_numpy(ROWS)]

    def trusting():
        return ssl.create_default_context(cafile=folder / "chain.pem")

    with triton.InferenceServerClient(address, ssl=True, ssl_context_factory=trusting) as client:
        assert client.is_model_ready("breast-cancer")
        answers = [client.infer("breast-cancer", features)]
        answers += [
            request.get_result() for request in [client.async_infer("breast-cancer", features) for _ in range(8)]]

    async def with_asyncio():
        async with triton.aio.InferenceServerClient(address, ssl=True, ssl_context=trusting()) as client:
            return await client.infer("breast-cancer", features)

    for answer in [*answers, asyncio.run(with_asyncio())]:
        assert numpy.array_equal(answer.as_numpy("probabilities"), expected)


def test_tritonclient_refuses_a_certificate_that_it_does_not_trust(secure):
    _, url, _ = secure
    address = url.removeprefix("https://").replace("127.0.0.1", "localhost")
    with triton.InferenceServerClient(address, ssl=True, ssl_context_factory=ssl.create_default_context) as client:
        with pytest.raises(ssl.SSLCertVerificationError):
            client.is_server_live()
