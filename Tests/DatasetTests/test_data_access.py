# SPDX-License-Identifier: Apache-2.0
"""Who may look at data and who may have it; and records that no client of ours would send."""

import hashlib
import json
import random
import urllib.error
import urllib.request

import pytest
from data_commands import sha256
from program import fetch

ROLES = ["viewer", "predictor", "developer", "approver", "admin"]


@pytest.fixture(scope="module")
def projects(server, tmp_path_factory):
    """A data set of one name in each of two projects, kept and as a fingerprint."""
    folder = tmp_path_factory.mktemp("projects")
    contents = {}
    for project in ["north", "south"]:
        server.slipway("project", "create", project)
        path = folder / f"{project}.csv"
        path.write_text("id,secret\n" + "".join(f"{row},{project} {row}\n" for row in range(1000)))
        contents[project] = path
        server.slipway("dataset", "add", path, "--name", "people", "--project", project, "--key", "id")
        server.slipway("dataset", "add", path, "--name", "print", "--project", project, "--fingerprint-only")
    return contents


def token(server, *options):
    made = json.loads(server.slipway("token", "create", "ada", *options, "--format", "json").stdout)
    return made["token"]


def ask(server, path, body=None, method=None, token=None):
    status, text = fetch(server.url + path, body, method, Authorization=f"Bearer {token or server.token}")
    assert status != 500, text
    return status, text


def status_of(server, path, token):
    """Of an answer that may be bytes."""
    asked = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def code(answer):
    status, text = answer
    return status, json.loads(text)["code"]


def put(server, content, token=None):
    content = content if isinstance(content, bytes) else content.encode()
    digest = f"sha256:{sha256(content)}"
    status, text = ask(server, f"/v1/blobs/{digest}", content, "PUT", token)
    assert status == 201, text
    return digest


def canonical(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def post(server, name, record, proof=None, project=None, token=None):
    body = {"record": record, "proof": proof, "project": project}
    body = {key: value for key, value in body.items() if value is not None}
    return ask(server, f"/v1/datasets/{name}/versions", body, token=token)


# Who may


@pytest.mark.parametrize("role", ROLES)
def test_viewers_look_and_developers_have(server, projects, role, tmp_path):
    mine = token(server, "--role", role, "--project", "north")
    may_view, may_have = role != "predictor", role in ("developer", "admin")
    root = "/v1/datasets"
    for path, expected in [
        (f"{root}?project=north", may_view),
        (f"{root}/people/versions?project=north", may_view),
        (f"{root}/people/versions/1?project=north", may_view),
        (f"{root}/people/versions/newest/record?project=north", may_view),
        (f"{root}/people/versions/1/data?project=north", may_have),
        (f"{root}/people/versions/1/rows?project=north", may_have),
    ]:
        assert (status_of(server, path, mine) == 200) == expected, path
        # The other project is closed to all of them.
        assert ask(server, path.replace("north", "south"), token=mine)[0] == 401
        assert ask(server, path.replace("?project=north", ""), token=mine)[0] == 401
    assert (code(ask(server, f"{root}/print/versions/1/data?project=north", token=mine)) == (409, "DAT-004")) == may_have

    environment = {"SLIPWAY_TOKEN": mine}
    north = ("--project", "north")
    server.slipway("dataset", "show", "people", *north, code=0 if may_view else 5, **environment)
    server.slipway("dataset", "list", *north, code=0 if may_view else 5, **environment)
    server.slipway("dataset", "diff", "print", "print@1", *north, code=0 if may_view else 5, **environment)
    server.slipway("dataset", "get", "people", *north, "--out", tmp_path / "x", code=0 if may_have else 5, **environment)
    server.slipway("dataset", "add", projects["south"], "--name", "mine", *north, code=0 if may_have else 5, **environment)


def test_what_a_viewer_is_shown_is_no_ticket_to_the_data(server, projects):
    """A viewer of one project who develops in another does not get the data of the first by adding its record there."""
    viewer = token(server, "--role", "viewer", "--project", "north")
    developer = token(server, "--role", "developer", "--project", "south")
    version = json.loads(ask(server, "/v1/datasets/people/versions/1?project=north", token=viewer)[1])
    text = ask(server, "/v1/datasets/people/versions/1/record?project=north", token=viewer)[1]
    record = json.loads(text)
    assert sha256(text.encode()) == version["record"][7:]
    for proof in [None, version["digest"], version["record"], "sha256:" + "0" * 64]:
        assert code(post(server, "stolen", version["record"], proof, "south", developer)) == (409, "DAT-006")
    # Nor by a record of one's own that names the pieces of others.
    mine = put(server, "x" * 32, developer)
    record["rows"] = {"sha256": mine[7:], "bytes": 32, "chunks": [[mine[7:], 32]]}
    record["key"], record["row_count"] = [], 2
    for column in record["columns"]:
        column |= {"count": 2, "missing": 2, "distinct": 0, "type": "empty", "categories": [], "other": 0}
        for name in set(column) - {"name", "type", "count", "missing", "distinct", "categories", "other"}:
            del column[name]
    digest = put(server, canonical(record), developer)
    assert code(post(server, "stolen", digest, None, "south", developer)) == (409, "DAT-006")
    assert code(ask(server, "/v1/datasets/stolen/versions?project=south")) == (404, "DAT-001")
    # Who has the data may add it there.
    server.slipway("dataset", "add", projects["north"], "--name", "bought", "--project", "south", SLIPWAY_TOKEN=developer)


# Records of others


def record_of(content, count=1, **changes):
    """A record of a column without anything in it, whose contents have been put."""
    digest = hashlib.sha256(content).hexdigest()
    digests = bytes(16) * count
    empty = {"name": "a", "type": "empty", "count": count, "missing": count, "distinct": 0, "categories": [], "other": 0}
    return {
        "schema": "slipway.dataset/1",
        "format": "csv",
        "data": {"sha256": digest, "bytes": len(content), "chunks": [[digest, len(content)]]},
        "row_count": count,
        "key": [],
        "rows": {"sha256": sha256(digests), "bytes": len(digests), "chunks": [[sha256(digests), len(digests)]]},
        "columns": [empty],
    } | changes


def proof_of(name, content, rows=1, project="default"):
    return "sha256:" + sha256(f"slipway.data-proof/1\n{project}/{name}\n".encode() + content + bytes(16) * rows)


def test_a_client_of_ones_own(server):
    """By the page alone."""
    content = b"a\n\n"
    put(server, content)
    put(server, bytes(16))
    digest = put(server, canonical(record_of(content)))
    status, text = post(server, "own", digest, proof_of("own", content))
    assert status == 201 and json.loads(text)["version"]["version"] == 1
    assert post(server, "own", digest, proof_of("own", content))[0] == 200
    assert ask(server, "/v1/datasets/own/versions/1/data") == (200, content.decode())
    missing = ["sha256:" + "1" * 64, digest]
    assert json.loads(ask(server, "/v1/blobs/missing", {"digests": missing})[1]) == {"digests": missing[:1]}


HUGE = 2**63 - 1
BAD = {
    "no schema": {"schema": "other"},
    "negative rows": {"row_count": -1},
    "huge rows": {"row_count": HUGE, "rows": None, "data": {"sha256": "0" * 64, "bytes": 1}},
    "rows that overflow": {"row_count": 2**60},
    "huge bytes": {"data": {"sha256": "0" * 64, "bytes": HUGE, "chunks": [["0" * 64, HUGE]]}},
    "negative piece": {"data": {"sha256": "0" * 64, "bytes": 1, "chunks": [["0" * 64, -1], ["1" * 64, 2]]}},
    "large piece": {"data": {"sha256": "0" * 64, "bytes": 5 << 20, "chunks": [["0" * 64, 5 << 20]]}},
    "pieces that overflow": {"data": {"sha256": "0" * 64, "bytes": 4, "chunks": [["0" * 64, 1 << 22]] * 2 + [["1" * 64, HUGE]]}},
    "kept without pieces": {"data": {"sha256": "0" * 64, "bytes": 10}},
    "a path for a digest": {"data": {"sha256": "../../token", "bytes": 1, "chunks": [["../../token", 1]]}},
    "a column twice": {"columns": [record_of(b"")["columns"][0]] * 2},
    "no columns": {"columns": []},
    "a key of nothing": {"key": ["nobody"]},
    "a list for an object": {"data": []},
    "more than there is": {"more": 1},
    "a null": {"rows": None},
}


@pytest.mark.parametrize("what", BAD)
def test_records_that_contradict_themselves_are_refused(server, what):
    digest = put(server, canonical(record_of(b"a\n\n", **BAD[what])))
    assert code(post(server, "bad", digest, proof_of("bad", b"a\n\n"))) == (400, "DAT-002")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 1_000_000, b'{"data":' * 200_000, b"\0" * 1000, b'{"schema":"slipway.dataset/1"}']
)
def test_what_is_no_record_is_refused(server, content):
    assert code(post(server, "bad", put(server, content))) == (400, "DAT-002")


def test_a_record_of_many_pieces_is_bounded(server):
    """Its size is, and what is missing is found at the first piece."""
    record = record_of(b"a\n\n")
    record["data"] = {"sha256": "0" * 64, "bytes": 300_000, "chunks": [["0" * 64, 1]] * 300_000}
    status, text = post(server, "bad", put(server, canonical(record)), proof_of("bad", b""))
    assert (status, json.loads(text)["code"]) == (404, "REG-007")
    assert server.resident_bytes() < 2 << 30


def test_a_record_that_is_too_large_is_refused(server):
    digest = put(server, b" " * ((256 << 20) + 1))
    assert post(server, "bad", digest)[0] == 413


def test_pieces_of_another_size_and_content_are_refused(server):
    content = b"a\n\n"
    put(server, content), put(server, bytes(16))
    other = put(server, b"b\n\n")
    for chunks, expected in [
        ([[other[7:], 3]], (409, "DAT-006")),
        ([[other[7:], 2], [sha256(content), 1]], (413, "IN-009")),
        ([[sha256(b"nothing"), 3]], (404, "REG-007")),
    ]:
        record = record_of(content)
        record["data"]["chunks"] = chunks
        assert code(post(server, "bad", put(server, canonical(record)), proof_of("bad", content))) == expected
    assert code(ask(server, "/v1/datasets/bad/versions")) == (404, "DAT-001")


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "a%2fb", "%00", "a%0ab", "%F0%9F%98%80", "n" * 101, "n" * 6000, "a%20b", "%252e%252e", "-"]
)
def test_names_in_paths(server, name):
    for path in [f"/v1/datasets/{name}/versions", f"/v1/datasets/{name}/versions/1/data", f"/v1/datasets/x/versions/{name}"]:
        status, text = ask(server, path)
        assert status in (400, 404, 414, 431), (path, status, text)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"record": 1}, {"record": "x"}, {"record": "sha256:" + "0" * 63}, {"record": "sha256:" + "0" * 64, "proof": "x"},
        {"record": "sha256:" + "0" * 64, "note": "n" * 3000}, {"record": "sha256:" + "0" * 64, "project": "../x"}, [], b"{",
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_bodies_that_are_none(server, body):
    status, text = ask(server, "/v1/datasets/x/versions", body)
    assert status in (400, 404), text


def test_lists_of_digests_are_bounded(server):
    many = ["sha256:" + "0" * 64] * 10_001
    assert ask(server, "/v1/blobs/missing", {"digests": many})[0] == 413
    assert ask(server, "/v1/blobs/missing", {"digests": many[:10_000]})[0] == 200
    assert ask(server, "/v1/blobs/missing", {"digests": ["../x"]})[0] == 400


def test_changed_records_never_end_the_server(server):
    numbers = random.Random(5)
    content = b"a\n\n"
    put(server, content), put(server, bytes(16))
    whole = canonical(record_of(content))
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(numbers.choice([1, 3])):
            changed[numbers.randrange(len(changed))] = numbers.choice(b'0123456789-"[]{}:,ae')
        status, text = post(server, "changed", put(server, bytes(changed)), proof_of("changed", content))
        assert status in (200, 201, 400, 404, 409, 413), text
    assert server.is_running()
