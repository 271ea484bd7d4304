# SPDX-License-Identifier: Apache-2.0
"""Connections are kept, found anew when the server was, and nothing is sent twice that may have been
computed.
"""

import http.server
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from program import EXAMPLES, running

import slipway
from slipway import errors
from slipway._client import connections


@pytest.fixture
def opened(monkeypatch):
    """The connections that were opened, one entry each."""
    made = []
    connect = connections.Connections._connect
    monkeypatch.setattr(
        connections.Connections,
        "_connect",
        lambda self, until: made.append(self.server.url) or connect(self, until),
    )
    return made


def test_a_thread_keeps_one_connection(client, rows, opened):
    for _ in range(20):
        client.predict("breast-cancer", rows.iloc[:1])
    client.status()
    assert len(opened) == 1


def test_threads_share_a_client(client, table, rows, opened):
    def ask(position):
        return client.predict("breast-cancer", rows.iloc[position : position + 1])["label"][0]

    with ThreadPoolExecutor(8) as threads:
        labels = list(threads.map(ask, range(len(rows))))
    assert labels == table["label"].tolist()
    assert len(opened) <= 8


def test_a_refusal_does_not_cost_the_connection(client, rows, opened):
    for _ in range(3):
        with pytest.raises(errors.InputRefused):
            client.predict("breast-cancer", rows.drop(columns="mean area"))
    client.predict("breast-cancer", rows)
    assert len(opened) == 1


def test_a_server_that_was_restarted_is_asked_over_a_new_connection(tmp_path, rows, opened):
    with running(tmp_path) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        port = server.port
        client = slipway.Client(server.url, server.token)
        before = client.predict("breast-cancer", rows)
    with running(tmp_path, port=port), client:
        after = client.predict("breast-cancer", rows)
        assert len(opened) == 2
        assert after["label"].tolist() == before["label"].tolist()


def test_the_server_of_this_machine_is_found_and_found_again_elsewhere(own_machine, rows):
    with pytest.raises(errors.ServerUnreachable, match="No server runs on this machine"):
        slipway.Client()
    with running(own_machine) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        client = slipway.Client()
        assert client.url == server.url
        # Its token was found as well.
        assert client.status()["processID"] == server.pid
        client.predict("breast-cancer", rows)
    with running(own_machine) as server, client:
        client.predict("breast-cancer", rows)
        assert client.url == server.url


def test_the_environment_names_server_and_token(own_machine, server, monkeypatch):
    monkeypatch.setenv("SLIPWAY_URL", server.url + "/")
    with slipway.Client() as client, pytest.raises(errors.AccessRefused):
        client.status()
    monkeypatch.setenv("SLIPWAY_TOKEN", server.token)
    with slipway.Client() as client:
        assert {endpoint["name"] for endpoint in client.endpoints()} >= {"breast-cancer", "digits"}


def test_a_server_over_tls_is_trusted_by_its_announcement(own_machine, rows, monkeypatch):
    import subprocess

    certificate, key = own_machine / "certificate.pem", own_machine / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=models.example", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    with running(own_machine, "--tls-certificate", certificate, "--tls-key", key) as server:
        assert server.url.startswith("https://")
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        with slipway.Client() as client:
            assert len(client.predict("breast-cancer", rows)["label"]) == len(rows)
        monkeypatch.setenv("SLIPWAY_DATA", str(own_machine / "elsewhere"))
        elsewhere = server.url.replace("127.0.0.1", "localhost")
        with slipway.Client(elsewhere, retries=0) as client, pytest.raises(errors.ServerUnreachable):
            client.predict("breast-cancer", rows)
        monkeypatch.setenv("SLIPWAY_CA_FILE", str(certificate))
        with slipway.Client(elsewhere) as client:
            assert len(client.predict("breast-cancer", rows)["label"]) == len(rows)


def test_where_nobody_listens_is_asked_again_and_then_told():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(errors.ServerUnreachable) as refused:
            slipway.Client(url, retries=2).predict("churn", [[1.0]])
        # Two pauses, of 50 and 100 ms.
        assert time.monotonic() - start >= 0.15
        assert refused.value.code == "SYS-005"
        start = time.monotonic()
        with pytest.raises(errors.ServerUnreachable):
            slipway.Client(url, retries=100, timeout=0.2).predict("churn", [[1.0]])
        assert time.monotonic() - start < 2


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers in turn with what `answers` says: a status and headers, or nothing at all."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((time.monotonic(), dict(self.headers)))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def scripted():
    """A server that does as it is told, for what the real one does at bad times only."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted) as server:
        server.seen, server.answers = [], []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def answer():
    head = {
        "model_name": "m", "model_version": "3", "parameters": {"prediction_id": "ab"},
        "outputs": [{"name": "y", "datatype": "FP64", "shape": [1], "parameters": {"binary_data_size": 8}}],
    }  # fmt: skip
    text = json.dumps(head).encode()
    return 200, {"Inference-Header-Content-Length": str(len(text))}, text + b"\0" * 8


def busy(status, retry_after):
    body = json.dumps({"error": "Too much work at once.", "code": "SRV-002"}).encode()
    return status, {"Retry-After": retry_after} if retry_after else {}, body


ROWS = {"x": [1.0]}


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_when_to_come_back_does_so(scripted, status):
    scripted.answers = [busy(status, "1"), answer()]
    with slipway.Client(scripted.url) as client:
        assert client.predict("m", ROWS).version == 3
    first, second = (moment for moment, _ in scripted.seen)
    assert second - first >= 1


def test_coming_back_has_a_limit(scripted):
    scripted.answers = [busy(503, "0") for _ in range(10)]
    with slipway.Client(scripted.url, retries=2) as client, pytest.raises(errors.Overloaded) as refused:
        client.predict("m", ROWS)
    assert len(scripted.seen) == 3
    assert refused.value.retry_after == 0


def test_nobody_waits_past_the_deadline(scripted):
    scripted.answers = [busy(503, "60")]
    start = time.monotonic()
    with slipway.Client(scripted.url, timeout=5) as client, pytest.raises(errors.Overloaded):
        client.predict("m", ROWS)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_may_have_been_computed_is_not_sent_again(scripted, status):
    scripted.answers = [busy(status, None), answer()]
    with slipway.Client(scripted.url) as client, pytest.raises(slipway.SlipwayError) as failed:
        client.predict("m", ROWS)
    assert len(scripted.seen) == 1
    assert failed.value.status == status


def test_a_connection_that_ends_in_between_says_that_nobody_knows(scripted):
    scripted.answers = [None, answer()]
    with slipway.Client(scripted.url) as client:
        with pytest.raises(errors.ConnectionLost):
            client.predict("m", ROWS)
        assert len(scripted.seen) == 1
        assert client.predict("m", ROWS).id == "ab"


def test_the_server_is_told_how_long_the_caller_waits(scripted):
    scripted.answers = [answer(), answer()]
    with slipway.Client(scripted.url, timeout=2.5) as client:
        client.predict("m", ROWS)
        client.predict("m", ROWS, timeout=0.75)
    assert [headers["slipway-timeout"] for _, headers in scripted.seen] == ["2500ms", "750ms"]


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"{}", b'{"predictions": 3}'])
def test_what_is_no_answer_of_ours_is_not_taken_for_one(scripted, body):
    scripted.answers = [(200, {}, body), (404, {}, body)]
    with slipway.Client(scripted.url) as client:
        client._signatures["m"] = slipway._client.signature.Signature((), ())
        with pytest.raises(errors.ServerFailed, match="cannot be read"):
            client.predict("m", ROWS)
        with pytest.raises(slipway.SlipwayError, match="status 404"):
            client.predict("m", ROWS)
