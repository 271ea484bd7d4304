# SPDX-License-Identifier: Apache-2.0
"""A server with a certificate: clients that trust it, the command line, and a certificate that is replaced."""

import asyncio
import json
import os
import ssl
import subprocess
import time

import numpy
import pytest
import tritonclient.http as triton
import tritonclient.http.aio
from example_rows import ROWS, from_engine, tensor
from program import EXAMPLES, clean_environment, fetch, running, slipway


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem.new",
         "-out", folder / "chain.pem.new"],
        check=True, capture_output=True)
    for file in ["key.pem", "chain.pem"]:
        os.replace(folder / f"{file}.new", folder / file)


def tls_options(folder):
    return ["--tls-certificate", folder / "chain.pem", "--tls-key", folder / "key.pem"]


@pytest.fixture
def secure(tmp_path):
    """A server whose certificate lies in the test's folder."""
    make_certificate(tmp_path, "first")
    with running(tmp_path, *tls_options(tmp_path)) as server:
        yield server


@pytest.fixture
def address(secure):
    """host:port, with the name that the certificate has."""
    return f"localhost:{secure.port}"


@pytest.fixture
def trusting(tmp_path):
    """Makes the context of a client that knows the certificate."""
    return lambda: ssl.create_default_context(cafile=tmp_path / "chain.pem")


def test_predictions_and_commands_go_over_tls(secure, address, trusting, tmp_path):
    assert secure.url.startswith("https://")
    secure.slipway("deploy", EXAMPLES / "breast-cancer")
    body = (EXAMPLES / "breast-cancer" / "row.json").read_bytes()
    status, answer = fetch(f"https://{address}/v1/endpoints/breast-cancer/predict", body, context=trusting())
    assert status == 200 and len(json.loads(answer)["predictions"]) == 1, answer
    # The framework's side of a connection, by the command line, under a name that the certificate does not have.
    assert "breast-cancer" in secure.slipway("status").stdout
    # Another machine's command line: only with the certificate at hand.
    remote = clean_environment(tmp_path / "elsewhere")
    remote |= {"SLIPWAY_URL": f"https://{address}", "SLIPWAY_TOKEN": secure.token}
    slipway("status", environment=remote, code=7)
    slipway("status", environment=remote | {"SLIPWAY_CA_FILE": str(tmp_path / "chain.pem")})


def test_a_replaced_certificate_is_shown_without_a_restart(secure, tmp_path):
    def shown():
        return ssl.get_server_certificate(("127.0.0.1", secure.port))

    first = shown()
    # One file of two does not fit the other, and changes nothing.
    good = (tmp_path / "key.pem").read_bytes()
    (tmp_path / "key.pem").write_bytes(b"nonsense")
    time.sleep(6)
    assert shown() == first
    (tmp_path / "key.pem").write_bytes(good)
    make_certificate(tmp_path, "second")
    deadline = time.monotonic() + 120
    while shown() == first and time.monotonic() < deadline:
        time.sleep(0.5)
    assert shown() == (tmp_path / "chain.pem").read_text()


def test_a_certificate_without_its_key_is_refused(tmp_path):
    make_certificate(tmp_path, "one")
    key = (tmp_path / "key.pem").read_bytes()
    make_certificate(tmp_path, "two")
    (tmp_path / "key.pem").write_bytes(key)
    environment = clean_environment(tmp_path)
    assert "SYS-009" in slipway("serve", "--port", 0, *tls_options(tmp_path), environment=environment, code=2).stderr


def test_tritonclient_goes_over_tls_when_it_trusts_the_certificate(secure, address, trusting):
    secure.slipway("deploy", EXAMPLES / "breast-cancer")
    features = [tensor("features", ROWS)]
    expected = from_engine("breast-cancer", {"features": ROWS})["probabilities"]

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


def test_tritonclient_refuses_a_certificate_that_it_does_not_trust(address):
    with triton.InferenceServerClient(address, ssl=True, ssl_context_factory=ssl.create_default_context) as client:
        with pytest.raises(ssl.SSLCertVerificationError):
            client.is_server_live()
