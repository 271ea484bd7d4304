# SPDX-License-Identifier: Apache-2.0
"""REST over HTTP/2, by clients that were written for it: httpx, and curl where it is there."""

import asyncio
import gzip
import hashlib
import json
import os
import shutil
import subprocess

import httpx
import pytest
from http2_targets import infer_json

INFER = "/v2/models/echo/infer"
JSON = {"content-type": "application/json"}


@pytest.fixture(params=["in the clear", "over TLS"])
def ways(request):
    """-> (server, base URL, what httpx needs to trust)"""
    if request.param == "in the clear":
        server = request.getfixturevalue("server")
        return server, f"http://127.0.0.1:{server.port}", True
    server, _ = request.getfixturevalue("secure")
    return server, f"https://localhost:{server.port}", str(server.data.parent / "chain.pem")


@pytest.fixture
def client(ways):
    import ssl

    server, url, trust = ways
    verify = ssl.create_default_context(cafile=trust) if isinstance(trust, str) else trust
    # Without HTTP/1.1 to fall back on, in the clear too: prior knowledge.
    with httpx.Client(http1=url.startswith("https"), http2=True, base_url=url, verify=verify, timeout=60) as client:
        yield client


@pytest.fixture
def administrator(ways):
    return {"authorization": f"Bearer {ways[0].token}"}


def outputs(answer):
    assert answer.status_code == 200, answer.text
    assert answer.http_version == "HTTP/2"
    return answer.json()["outputs"][0]["data"]


def test_predictions(client):
    for index in range(20):
        values = [float(index), 0.5, -1.0]
        assert outputs(client.post(INFER, content=infer_json(values), headers=JSON)) == values
        answer = client.post("/v1/endpoints/echo/predict", json=[{"values": values}])
        assert answer.json()["predictions"][0]["same"] == values and answer.http_version == "HTTP/2"


def test_the_answer_says_what_it_says_over_http_1(client, ways):
    """The same fields but for those of the connection, and the same body but for the id of the prediction."""
    server, url, _ = ways
    if url.startswith("https"):
        pytest.skip("asked in the clear")
    with httpx.Client(base_url=url) as old:
        for path, body in [(INFER, infer_json()), ("/v2/models/echo", None), ("/v2/health/live", None), ("/v2", None),
                           ("/v2/models/nobody", None), ("/nothing", None), ("/v1/status", None),
                           (INFER, b"{"), ("/openapi.json", None), ("/v2/models/echo/stats", None)]:  # fmt: skip
            method = "POST" if body else "GET"
            answers = [each.request(method, path, content=body, headers=JSON) for each in (old, client)]
            assert answers[0].http_version == "HTTP/1.1" and answers[1].http_version == "HTTP/2"
            assert answers[0].status_code == answers[1].status_code, path
            changing = {
                "date",
                "connection",
                "keep-alive",
                "slipway-prediction-id",
                "transfer-encoding",
                "content-length",
            }
            fields = [
                {name: value.lower() for name, value in each.headers.items() if name not in changing}
                for each in answers
            ]
            assert fields[0] == fields[1], path
            if "stats" not in path:
                texts = [each.text.replace(each.headers.get("slipway-prediction-id", "no id"), "") for each in answers]
                assert texts[0] == texts[1], path


@pytest.mark.parametrize(
    "path", ["/v2/health/live", "/v2/health/ready", "/v2", "/v2/models/echo/ready", "/openapi.json"]
)
def test_health_and_metadata(client, path):
    answer = client.get(path)
    assert answer.status_code == 200 and answer.http_version == "HTTP/2"


def test_errors_are_explained(client):
    answer = client.post("/v2/models/nobody/infer", content=infer_json(), headers=JSON)
    assert answer.status_code == 404 and "nobody" in answer.json()["error"]
    answer = client.post(INFER, content=b"{", headers=JSON)
    assert answer.status_code == 400 and answer.json()["code"].startswith("IN-")
    assert client.get("/v1/status").status_code == 401


def test_administration(client, administrator):
    status = client.get("/v1/status", headers=administrator)
    assert status.status_code == 200 and status.http_version == "HTTP/2"
    answer = client.put("/v1/registry/models/echo/aliases/over-http2", json={"version": 1}, headers=administrator)
    assert answer.status_code == 200, answer.text
    assert client.get("/v1/ledger?from=0&limit=2", headers=administrator).status_code == 200
    assert client.delete("/v1/endpoints/nobody", headers=administrator).status_code == 404


def test_a_blob_of_20_mb(client, administrator):
    content = os.urandom(20 << 20)
    digest = hashlib.sha256(content).hexdigest()
    answer = client.put(f"/v1/blobs/sha256:{digest}", content=content, headers=administrator)
    assert answer.status_code in (200, 201, 204), answer.text
    wrong = client.put(f"/v1/blobs/sha256:{digest}", content=content[:-1], headers=administrator)
    assert wrong.status_code in (200, 201, 204, 400, 409, 422)
    other = "ab" * 32
    assert client.put(f"/v1/blobs/sha256:{other}", content=content, headers=administrator).status_code >= 400
    assert outputs(client.post(INFER, content=infer_json(), headers=JSON)) == [1.5, -2.0, 3.25]


def test_a_body_without_a_length(client, administrator):
    """As HTTP/1.1's chunks, without their framing."""

    def parts():
        content = infer_json([7.0, 8.0, 9.0])
        for start in range(0, len(content), 10):
            yield content[start : start + 10]

    assert outputs(client.post(INFER, content=parts(), headers=JSON)) == [7.0, 8.0, 9.0]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bodies_may_be_compressed(client, encoding):
    import zlib

    content = infer_json()
    packed = gzip.compress(content) if encoding == "gzip" else zlib.compress(content)
    headers = JSON | {"content-encoding": encoding, "accept-encoding": encoding}
    assert outputs(client.post(INFER, content=packed, headers=headers)) == [1.5, -2.0, 3.25]


def test_large_bodies_both_ways(client):
    """Beyond every window at its start."""
    values = [float(index % 1000) for index in range(900_000)]
    body = {"inputs": [{"name": "values", "datatype": "FP32", "shape": [300_000, 3], "data": values}]}
    assert outputs(client.post(INFER, content=json.dumps(body).encode(), headers=JSON)) == values


def test_many_at_once_over_one_connection(ways):
    server, url, trust = ways
    if url.startswith("https"):
        pytest.skip("asked in the clear")

    async def work():
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(http1=False, http2=True, base_url=url, limits=limits, timeout=60) as client:

            async def ask(index):
                values = [float(index), 0.25, -2.0]
                if index % 20 == 7:
                    answer = await client.get("/v1/status", headers={"authorization": f"Bearer {server.token}"})
                    assert answer.status_code == 200
                else:
                    assert outputs(await client.post(INFER, content=infer_json(values), headers=JSON)) == values

            await asyncio.gather(*(ask(index) for index in range(500)))

    asyncio.run(work())


def curl(*arguments):
    if not shutil.which("curl") or b"HTTP2" not in subprocess.run(["curl", "-V"], capture_output=True).stdout:
        pytest.skip("no curl with HTTP/2 here")
    done = subprocess.run(["curl", "-sS", "-m", "30", *map(str, arguments)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def body_file(tmp_path):
    (tmp_path / "body").write_bytes(infer_json())
    return tmp_path / "body"


WRITE_OUT = ["-w", "\n%{http_version} %{response_code}", "-H", "content-type: application/json"]


def test_curl_with_prior_knowledge(server, body_file):
    came = curl("--http2-prior-knowledge", *WRITE_OUT, "--data-binary", f"@{body_file}", f"{server.url}{INFER}")
    assert came.endswith(b"\n2 200") and json.loads(came[:-6])["outputs"][0]["data"] == [1.5, -2.0, 3.25]


@pytest.mark.parametrize("http", ["--http2-prior-knowledge", "--http1.1"])
def test_a_body_beyond_the_limit_is_413(server, tmp_path, http):
    """The answer comes before the request has ended; not every client written in Python reads it then."""
    (tmp_path / "large").write_bytes(b" " * (9 << 20))
    came = curl(http, *WRITE_OUT, "--data-binary", f"@{tmp_path / 'large'}", f"{server.url}{INFER}")
    assert came.endswith(b" 413") and b"IN-009" in came, came[:300]


def test_curl_over_tls(secure, body_file):
    server, _ = secure
    chain = server.data.parent / "chain.pem"
    url = f"https://localhost:{server.port}{INFER}"
    came = curl("--http2", "--cacert", chain, *WRITE_OUT, "--data-binary", f"@{body_file}", url)
    assert came.endswith(b"\n2 200")
    came = curl("--http1.1", "--cacert", chain, *WRITE_OUT, "--data-binary", f"@{body_file}", url)
    assert came.endswith(b"\n1.1 200")


def test_an_upgrade_from_http_1_is_answered_all_the_same(server, body_file):
    """RFC 9113 took it away: the answer may come over HTTP/1.1."""
    came = curl("--http2", *WRITE_OUT, "--data-binary", f"@{body_file}", f"{server.url}{INFER}")
    assert came.endswith((b"\n1.1 200", b"\n2 200"))
