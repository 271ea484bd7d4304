# SPDX-License-Identifier: Apache-2.0
"""Paths that would leave the artifacts, over raw sockets: no library that would mend what is sent.

Every route that takes a path is asked with each of them. Whatever it answers, nothing outside is read or written.
"""

import os
from urllib.parse import quote

import pytest
from mlflow_rest import ARTIFACTS, unique
from wire import ask, get, message

SECRET = b"the secret of the canary"
# Goes up, by whatever spelling: refused by name.
UP = [
    "../{}",
    "..%2f{}",
    "%2e%2e/{}",
    "%2E%2E%2F{}",
    ".%2e/{}",
    "%2e./{}",
    "d/../../{}",
    "d/%2e%2e/%2e%2e/{}",
    "./../{}",
    "%252e%252e/{}",
    "%252e%252e%252f{}",
    "..%252f{}",
    "%25252e%25252e/{}",
    "d/..",
    "d/%2e%2e",
    "..",
    "%2e%2e",
    "%252e%252e",
    "x/../../../{}",
    "x%2f..%2f..%2f..%2f{}",
    "x%00/../{}",
    "x%3f/../{}",
    "x%23/../../{}",
    "x;/../../{}",
]
# Names another place, where it means anything at all. What it does mean stays within.
ELSEWHERE = [
    "/{}",
    "//{}",
    "%2f{}",
    "%252f{}",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "%252fetc%252fpasswd",
    "//etc/passwd",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "file:/etc/passwd",
    "..%5c{}",
    "..\\{}",
    "%5c%5chost%5cshare%5c{}",
    "\\\\host\\share\\{}",
    "C:%5c{}",
    "C:/{}",
    "c%3a/{}",
    "~/{}",
    "~root/{}",
    "%7e/{}",
    "{}%00",
    "{}%00.txt",
    "%00",
    "{}%0a",
    "{}%0d%0aX-Injected:%20yes",
    "{}?path=../",
    "{}?path=/etc/passwd",
    "{}#/../..",
    "{}%3fpath=..",
    "....//{}",
    "..;/{}",
    "...%2f{}",
    "%c0%ae%c0%ae/{}",
    "%c0%ae%c0%ae%c0%af{}",
    "%ff/{}",
    "%u002e%u002e/{}",
    "%E2%80%A5/{}",
    "%EF%BC%8E%EF%BC%8E/{}",
    ".",
    "%2e",
    "./{}",
    "",
    "%20",
    " ",
    "{}/",
    "{}//",
    "http:%2f%2fexample.test%2f{}",
    "s3:%2f%2fbucket%2f{}",
    "$HOME/{}",
    "`id`",
    "%24(id)",
    "proc/self/environ",
    "%2fproc%2fself%2fenviron",
]


@pytest.fixture(scope="module")
def canaries(common_server, folder):
    """Files that nobody may read, beside and above everything that the server keeps."""
    placed = {}
    for place in [folder, folder / "data", folder.parent]:
        path = place / unique("canary")
        path.write_bytes(SECRET)
        placed[path.name] = path
    yield placed
    for path in placed.values():
        path.unlink()


@pytest.fixture(scope="module")
def target(rest):
    """A run and a model, whose artifacts are the place to leave: one file in each."""
    experiment = rest.new_experiment()
    run = rest.new_run(experiment)
    model = rest.new_model(experiment, source_run_id=run)
    places = {"run": f"{experiment}/{run}/artifacts", "model": f"{experiment}/models/{model['model_id']}/artifacts"}
    for place in places.values():
        rest.put_artifact(f"{place}/d/kept.txt", b"kept")
    name = rest.new_registered_model()
    version = rest.new_version(name, run, "d")
    return places | {"run_id": run, "model_id": model["model_id"], "name": name, "version": version}


def requests_for(target, path):
    """Each route with that path, as bytes: what reads, and then what writes and deletes."""
    below, query = (
        f"{ARTIFACTS}/{target['run']}/{path}",
        path.replace("?", "%3f").replace("#", "%23").replace(" ", "%20"),
    )
    below = below.replace(" ", "%20")
    run, model = target["run_id"], target["model_id"]
    version = f"name={quote(target['name'])}&version={target['version']}"
    return [
        get(below),
        get(f"{ARTIFACTS}/{path}".replace(" ", "%20")),
        get(f"{ARTIFACTS}?path={target['run']}/{query}"),
        get(f"{ARTIFACTS}?path={query}"),
        get(f"/api/2.0/mlflow/artifacts/list?run_id={run}&path={query}"),
        get(f"/get-artifact?run_id={run}&path={query}"),
        get(f"/model-versions/get-artifact?{version}&path={query}"),
        get(f"/api/2.0/mlflow/logged-models/{model}/artifacts/directories?artifact_directory_path={query}"),
        get(f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={query}"),
        message("PUT", below, [("Content-Type", "text/plain")], b"evil"),
        message("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={query}", body=b"evil"),
        message("DELETE", below),
    ]


def depths(path, name):
    """The path with the canary's name, from one folder up to eight, where it goes up at all."""
    yield path.format(name)
    if ".." in path or "2e" in path.lower():
        for depth in [2, 3, 5, 8]:
            yield path.format("../" * (depth - 1) + name)


def assert_harmless(answer, sent):
    told = f"{sent[:200]!r} -> {answer}"
    assert SECRET not in answer.body, told
    assert b"root:" not in answer.body and b"PATH=" not in answer.body, told
    assert answer.header("x-injected") is None, told


@pytest.mark.parametrize("path", UP)
def test_a_path_that_goes_up_is_refused_everywhere(server, canaries, target, path):
    for name in canaries:
        for spelled in dict.fromkeys(depths(path, name)):
            for sent in requests_for(target, spelled):
                answer = ask(server, sent)
                assert_harmless(answer, sent)
                assert answer.status == 400, f"{sent[:200]!r} -> {answer}"
                assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        if "{}" not in path:
            break


@pytest.fixture(scope="module")
def elsewhere(common_server, canaries, target):
    """Every route asked with each path that names another place -> [(request, answer)]."""
    # From the root of the machine: those that begin with a slash name a file that is there.
    absolute = str(next(iter(canaries.values()))).lstrip("/")
    return [
        (sent, ask(common_server, sent)) for path in ELSEWHERE for sent in requests_for(target, path.format(absolute))
    ]


def test_nothing_outside_is_read(server, elsewhere):
    """The reference answers some of these with 500, and takes others for odd names: what counts is the outside."""
    for sent, answer in elsewhere:
        assert_harmless(answer, sent)


def test_nothing_outside_is_written(server, rest, folder, canaries, target, elsewhere):
    for path in canaries.values():
        assert path.read_bytes() == SECRET
    for place in [folder, folder.parent, folder / "data"]:
        assert not {"evil", "share", "etc", "host", "proc"}.intersection(os.listdir(place))
    assert rest.get_artifact(f"{target['model']}/d/kept.txt") == b"kept"


@pytest.mark.slipway_only("it answers 500 to a few")
def test_no_path_is_a_failure_of_the_server(server, elsewhere):
    failed = [(sent[:200], answer.status) for sent, answer in elsewhere if answer.status >= 500]
    # 501 is the answer of a route that one does not have.
    assert [one for one in failed if one[1] != 501] == []


def test_names_that_only_look_dangerous_are_names(rest, target):
    for name in ["..x", "x..", "x..y", "...", ".hidden", "a.b"]:
        rest.put_artifact(f"{target['run']}/names/{name}", name.encode())
        assert rest.get_artifact(f"{target['run']}/names/{name}") == name.encode()
