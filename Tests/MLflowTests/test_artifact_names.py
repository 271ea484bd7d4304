# SPDX-License-Identifier: Apache-2.0
"""Names of artifacts: nearly any text, by way of the client and of paths that are encoded by hand."""

import urllib.parse

import pytest
from mlflow_rest import ARTIFACTS, Rest, assert_refused


@pytest.fixture
def place(rest, run):
    """Where the run's artifacts lie, below the proxy's root."""
    return rest.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")


# The client does not encode names itself: what it would take for an escape, a query or a fragment never arrives.
NAMES = [
    "with space.txt",
    "é 第二 🎉.txt",
    "100%.txt",
    "a+b&c=d;e.txt",
    "'quoted'.txt",
    "..hidden",
    "a..b",
    "...",
    "-rf",
    "~",
    "x" * 200,
    "a:b.txt",
    "con",
    "NUL",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_nearly_any_text(client, rest, place, run, name, tmp_path):
    (tmp_path / name).write_text("content")
    client.log_artifact(run, tmp_path / name, "folder")
    assert [item.path for item in client.list_artifacts(run, "folder")] == [f"folder/{name}"]
    assert rest.get_artifact(f"{place}/folder/{urllib.parse.quote(name)}") == b"content"
    down = tmp_path / "down"
    down.mkdir()
    with open(client.download_artifacts(run, f"folder/{name}", down)) as content:
        assert content.read() == "content"


@pytest.mark.parametrize(
    "path",
    [
        "%2541.txt",
        "a%23b.txt",
        "a%3Fb.txt",
        "tab%09here",
        "a%25b",
        "%F0%9F%8E%89",
        "a%2Bb",
        "a+b",
        "a%20b",
        "%7Euser",
        "a%5Cb",
        "a;b=c",
        "a,b",
        "%E2%80%A5x",
    ],
)
def test_what_was_written_at_a_path_is_read_at_it(server, place, path):
    rest = Rest(server.url)
    written = rest.ask("PUT", f"{ARTIFACTS}/{place}/{path}", data=path.encode())
    if written.status_code != 200:
        assert_refused(written, "INVALID_PARAMETER_VALUE")
        return
    assert rest.get_artifact(f"{place}/{path}") == path.encode()
    assert len(rest.get(ARTIFACTS, path=place)["files"]) == 1
    rest.delete(f"{ARTIFACTS}/{place}/{path}")
    assert rest.get(ARTIFACTS, path=place) == {}
