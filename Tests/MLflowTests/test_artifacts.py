# SPDX-License-Identifier: Apache-2.0
"""Files of runs: written, listed, read, deleted, through the client and through the proxy's own paths."""

import hashlib
import json
import os
import socket
import struct
import time

import pytest
from mlflow_rest import ABSENT_RUN, ARTIFACTS, Rest, assert_refused


@pytest.fixture
def place(rest, run):
    """Where the run's artifacts lie, below the proxy's root."""
    return rest.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")


def tree(client, run, path=None):
    """{path: size} of every file, as the client walks them."""
    found = {}
    for item in client.list_artifacts(run, path):
        if item.is_dir:
            found |= tree(client, run, item.path)
        else:
            found[item.path] = item.file_size
    return found


def test_a_text_a_mapping_and_files_are_logged(mlflow, client, experiment, run, tmp_path):
    mlflow.set_experiment(experiment_id=experiment)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "a.txt").write_text("a")
    (tmp_path / "deep" / "er" / "b.bin").write_bytes(bytes(range(256)))
    with mlflow.start_run(run_id=run):
        mlflow.log_text("é 第二", "notes/text.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/mapping.json")
        mlflow.log_dict({"a": [1, 2]}, "notes/mapping.yaml")
        mlflow.log_artifact(tmp_path / "deep" / "a.txt")
        mlflow.log_artifact(tmp_path / "deep" / "a.txt", "copies")
        mlflow.log_artifacts(tmp_path / "deep", "folder")
    sizes = tree(client, run)
    # How the client writes these two is its own affair.
    assert sizes.pop("notes/mapping.json") and sizes.pop("notes/mapping.yaml")
    assert sizes == {
        "notes/text.txt": len("é 第二".encode()),
        "a.txt": 1,
        "copies/a.txt": 1,
        "folder/a.txt": 1,
        "folder/er/b.bin": 256,
    }
    assert mlflow.artifacts.load_text(f"runs:/{run}/notes/text.txt") == "é 第二"
    assert mlflow.artifacts.load_dict(f"runs:/{run}/notes/mapping.json") == {"a": [1, 2]}


def test_folders_are_downloaded_whole(mlflow, client, run, tmp_path):
    files = {"top.txt": b"1", "a/one.txt": b"2", "a/b/c/two.bin": bytes(1000), "a/b/empty": b"", "z/third": b"3"}
    for name, content in files.items():
        path = tmp_path / "up" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    client.log_artifacts(run, tmp_path / "up")
    for path, uri in [("", f"runs:/{run}/"), ("a", f"runs:/{run}/a"), ("a/b", f"runs:/{run}/a/b")]:
        got = mlflow.artifacts.download_artifacts(uri, dst_path=tmp_path / f"down-{path.replace('/', '-')}")
        found = {}
        for folder, _, names in os.walk(got):
            for name in names:
                file = os.path.join(folder, name)
                with open(file, "rb") as content:
                    found[os.path.relpath(file, got)] = content.read()
        prefix = f"{path}/" if path else ""
        assert found == {
            name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)
        }
    single = client.download_artifacts(run, "a/b/c/two.bin", tmp_path)
    with open(single, "rb") as content:
        assert content.read() == bytes(1000)


def test_a_file_is_overwritten(client, rest, place, run):
    rest.put_artifact(f"{place}/f.txt", b"first and longer")
    rest.put_artifact(f"{place}/f.txt", b"second")
    assert rest.get_artifact(f"{place}/f.txt") == b"second"
    assert tree(client, run) == {"f.txt": 6}


def test_an_empty_file_stays_empty(client, rest, place, run, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    client.log_artifact(run, tmp_path / "empty.txt")
    assert rest.get_artifact(f"{place}/empty.txt") == b""
    (listed,) = rest.get(ARTIFACTS, path=place)["files"]
    assert (listed["path"], listed["is_dir"]) == ("empty.txt", False)
    assert listed.get("file_size", 0) == 0
    assert os.path.getsize(client.download_artifacts(run, "empty.txt", tmp_path)) == 0


def test_a_body_may_come_in_chunks(rest, place):
    answer = rest.ask("PUT", f"{ARTIFACTS}/{place}/chunks", data=iter([b"one ", b"", b"two"]))
    assert answer.status_code == 200
    assert rest.get_artifact(f"{place}/chunks") == b"one two"


@pytest.mark.no_reference("it keeps what came of it")
@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 100\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n8\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno number\r\n",
    ],
)
@pytest.mark.parametrize("is_reset", [False, True])
def test_what_breaks_off_is_not_there(server, rest, place, sent, is_reset):
    rest.put_artifact(f"{place}/file", b"before")
    for name in ("file", "new"):
        with server.connect() as connection:
            head = f"PUT {ARTIFACTS}/{place}/{name} HTTP/1.1\r\nHost: {server.address}\r\n"
            connection.sendall(head.encode() + sent)
            time.sleep(0.05)
            if is_reset:
                # Closed with a reset instead of an end.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.2)
    assert rest.get_artifact(f"{place}/file") == b"before"
    assert_refused(rest.ask("GET", f"{ARTIFACTS}/{place}/new"), "RESOURCE_DOES_NOT_EXIST")


def test_50_megabytes_go_up_and_down(client, run, tmp_path):
    block = hashlib.sha512(b"block").digest() * 16_384
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for number in range(50):
            file.write(bytes([number]) + block[1:])
    size = path.stat().st_size
    assert size == 50 << 20
    client.log_artifact(run, path)
    (listed,) = client.list_artifacts(run)
    assert listed.file_size == size
    (tmp_path / "down").mkdir()
    got = client.download_artifacts(run, "large.bin", tmp_path / "down")
    assert digest(got) == digest(path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_lists_are_of_one_folder_and_in_order(rest, place):
    for name in ["b.txt", "a/x", "c/d/e", "B.txt", "a.txt", "10", "9"]:
        rest.put_artifact(f"{place}/{name}", b"12")
    listed = rest.get(ARTIFACTS, path=place)["files"]
    assert [item["path"] for item in listed] == sorted(["b.txt", "a", "c", "B.txt", "a.txt", "10", "9"])
    assert {item["path"] for item in listed if item["is_dir"]} == {"a", "c"}
    assert {item.get("file_size") for item in listed if not item["is_dir"]} == {2}
    assert rest.get(ARTIFACTS, path=f"{place}/c")["files"] == [{"path": "d", "is_dir": True}]
    # With a slash at the end as well.
    assert rest.get(ARTIFACTS, path=f"{place}/c/")["files"] == [{"path": "d", "is_dir": True}]


def test_what_is_not_there_is_an_empty_list_and_no_file(client, rest, place, run):
    assert client.list_artifacts(run) == []
    assert rest.get(ARTIFACTS, path=f"{place}/nothing") == {}
    rest.put_artifact(f"{place}/file", b"x")
    # A file is no folder.
    assert rest.get(ARTIFACTS, path=f"{place}/file") == {}
    for absent in ["nothing", "nothing/below", "file/below"]:
        assert_refused(rest.ask("GET", f"{ARTIFACTS}/{place}/{absent}"), "RESOURCE_DOES_NOT_EXIST")
    assert_refused(rest.ask("GET", f"{ARTIFACTS}/987654321/{ABSENT_RUN}/artifacts/x"), "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.slipway_only("its answer has no error_code")
def test_a_folder_is_no_file(rest, place):
    rest.put_artifact(f"{place}/folder/file", b"x")
    for path in ["folder", "folder/"]:
        assert_refused(rest.ask("GET", f"{ARTIFACTS}/{place}/{path}"))


@pytest.mark.slipway_only("it answers 500")
def test_a_file_and_a_folder_do_not_share_a_name(server, place):
    # A connection of its own: whoever refuses a body may close.
    rest = Rest(server.url)
    rest.put_artifact(f"{place}/folder/file", b"x")
    for path in ["folder", "folder/file/below"]:
        assert_refused(rest.ask("PUT", f"{ARTIFACTS}/{place}/{path}", data=b"y"))
    assert rest.get_artifact(f"{place}/folder/file") == b"x"


def test_files_and_folders_are_deleted(rest, place):
    for name in ["a.txt", "d/x", "d/e/y", "dd/z"]:
        rest.put_artifact(f"{place}/{name}", b"1")
    assert rest.delete(f"{ARTIFACTS}/{place}/a.txt") == {}
    assert rest.delete(f"{ARTIFACTS}/{place}/d") == {}
    assert rest.get(ARTIFACTS, path=place)["files"] == [{"path": "dd", "is_dir": True}]
    assert rest.get_artifact(f"{place}/dd/z") == b"1"
    # What is gone may be deleted again.
    for name in ["a.txt", "d", "never"]:
        assert rest.delete(f"{ARTIFACTS}/{place}/{name}") == {}


def test_artifacts_of_a_run_may_be_listed_through_the_run(rest, place, run):
    rest.put_artifact(f"{place}/d/file.txt", b"12345")
    listed = rest.get("artifacts/list", run_id=run)
    assert listed["root_uri"] == f"mlflow-artifacts:/{place}"
    assert listed["files"] == [{"path": "d", "is_dir": True}]
    # Here paths are from the run's root.
    assert rest.get("artifacts/list", run_id=run, path="d")["files"] == [
        {"path": "d/file.txt", "is_dir": False, "file_size": 5}
    ]
    assert "files" not in rest.get("artifacts/list", run_uuid=run, path="nothing")


def test_artifacts_of_a_deleted_run_stay(client, rest, place, run):
    rest.put_artifact(f"{place}/file", b"x")
    client.delete_run(run)
    assert rest.get_artifact(f"{place}/file") == b"x"


def test_browsers_are_told_to_keep_their_hands_off(rest, place):
    """An artifact is whatever somebody uploaded: shown as a page, it would act in this server's name."""
    for name in ["page.html", "image.svg", "script.js", "data.json", "noending"]:
        rest.put_artifact(f"{place}/{name}", b"<script>alert(1)</script>")
        answer = rest.ask("GET", f"{ARTIFACTS}/{place}/{name}")
        assert answer.headers["content-disposition"].startswith("attachment"), name
        assert answer.headers["x-content-type-options"] == "nosniff", name


def test_a_part_of_a_file_may_be_asked_for(rest, place):
    rest.put_artifact(f"{place}/file", b"0123456789")
    answer = rest.ask("GET", f"{ARTIFACTS}/{place}/file", headers={"Range": "bytes=2-5"})
    assert (answer.status_code, answer.content) == (206, b"2345")
    assert answer.headers["content-range"] == "bytes 2-5/10"
    whole = rest.ask("GET", f"{ARTIFACTS}/{place}/file")
    assert (whole.headers["content-length"], whole.headers["accept-ranges"]) == ("10", "bytes")


def test_the_interface_reads_a_runs_file(client, rest, place, run):
    rest.put_artifact(f"{place}/d/file.txt", b"12345")
    answer = rest.ask("GET", "/get-artifact", {"run_id": run, "path": "d/file.txt"})
    assert (answer.status_code, answer.content) == (200, b"12345")
    assert_refused(rest.ask("GET", "/get-artifact", {"run_id": run, "path": "nothing"}), "RESOURCE_DOES_NOT_EXIST")
    assert_refused(rest.ask("GET", "/get-artifact", {"run_id": ABSENT_RUN, "path": "x"}), "RESOURCE_DOES_NOT_EXIST")


def test_the_interface_reads_a_versions_file(rest, place, run):
    rest.put_artifact(f"{place}/model/MLmodel", b"flavors: {}\n")
    name = rest.new_registered_model()
    version = rest.new_version(name, run)
    fields = {"name": name, "version": version, "path": "MLmodel"}
    answer = rest.ask("GET", "/model-versions/get-artifact", fields)
    assert (answer.status_code, answer.content) == (200, b"flavors: {}\n")


def test_the_interface_uploads_a_file(rest, place, run):
    path = "/ajax-api/2.0/mlflow/upload-artifact"
    answer = rest.ask("POST", f"{path}?run_uuid={run}&path=d/file.txt", data=b"12345")
    assert answer.status_code == 200, answer.text
    assert rest.get_artifact(f"{place}/d/file.txt") == b"12345"


def test_addresses_to_download_from_are_not_offered(rest, place):
    """The client asks at most once a minute, and then downloads in plain requests."""
    assert not rest.get("/api/3.0/mlflow/server-info").get("multipart_downloads_enabled")
    answer = rest.ask("GET", f"/api/2.0/mlflow-artifacts/presigned/{place}/large")
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_json_goes_up_and_down_unchanged(mlflow, experiment, run):
    mlflow.set_experiment(experiment_id=experiment)
    data = {"é": [1.5, None, True, "第二"], "deep": {"er": {}}}
    with mlflow.start_run(run_id=run):
        mlflow.log_dict(data, "data.json")
    assert mlflow.artifacts.load_dict(f"runs:/{run}/data.json") == json.loads(json.dumps(data))
