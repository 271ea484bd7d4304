# SPDX-License-Identifier: Apache-2.0
"""Large files in parts: begun, sent side by side, cut off, resumed, joined, given up. MLflow's own server needs S3 for that."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from mlflow_parts import MPU, Upload
from mlflow_rest import ABSENT_RUN, ARTIFACTS, Rest, assert_refused
from program import running
from program import unfinished as being_written

pytestmark = pytest.mark.no_reference("it passes parts on to S3, and has none of its own")

PART = 6 << 20


@pytest.fixture
def place(rest, run):
    return rest.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")


def unfinished(server):
    """Parts that are kept for an upload that goes on, and whatever is being written."""
    return being_written(server.data) + list((server.data / "contents" / "uploads").glob("*/part-*"))


def test_the_client_sends_parts_by_itself(mlflow, client, server, run, tmp_path, monkeypatch):
    """The server says that it takes parts; nothing is to be switched on. 20 MB and a byte, in parts of 6 MiB."""
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(5 << 20))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(PART))
    sent = []
    send = HttpArtifactRepository._upload_part
    monkeypatch.setattr(
        HttpArtifactRepository, "_upload_part", staticmethod(lambda **told: sent.append(told["credential"]) or send(**told))
    )
    content = random.Random(7).randbytes(20_000_001)
    path = tmp_path / "weights of a model.bin"
    path.write_bytes(content)
    client.log_artifact(run, str(path), "deep/er")
    assert sorted(part.part_number for part in sent) == [1, 2, 3, 4]
    (listed,) = client.list_artifacts(run, "deep/er")
    assert (listed.path, listed.file_size) == ("deep/er/weights of a model.bin", len(content))
    (tmp_path / "down").mkdir()
    with open(client.download_artifacts(run, listed.path, tmp_path / "down"), "rb") as got:
        assert hashlib.file_digest(got, "sha256").hexdigest() == hashlib.sha256(content).hexdigest()
    assert not unfinished(server)
    # A whole model's folder, small files and large ones.
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "small.txt").write_text("small")
    shutil.copy(path, folder / "sub" / "large.bin")
    client.log_artifacts(run, folder, "model")
    assert {item.path: item.file_size for item in client.list_artifacts(run, "model/sub")} == {
        "model/sub/large.bin": len(content)
    }


def test_a_part_that_fails_is_told_and_the_rest_is_given_up(client, server, run, tmp_path, monkeypatch):
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "1000")
    send = HttpArtifactRepository._upload_part

    def broken(credential, **told):
        if credential.part_number == 2:
            raise ConnectionError("cut off")
        return send(credential=credential, **told)

    monkeypatch.setattr(HttpArtifactRepository, "_upload_part", staticmethod(broken))
    (tmp_path / "f.bin").write_bytes(bytes(2500))
    with pytest.raises(MlflowException, match="at least one part"):
        client.log_artifact(run, str(tmp_path / "f.bin"))
    assert client.list_artifacts(run) == []
    assert not unfinished(server)


def test_parts_come_in_any_order_and_side_by_side(rest, place):
    upload = Upload(rest, place, parts=8)
    contents = [bytes([number]) * (100_000 + number) for number in range(8)]
    numbers = list(range(8))
    random.Random(3).shuffle(numbers)
    with ThreadPoolExecutor(4) as threads:
        assert {answer.status_code for answer in threads.map(lambda n: upload.send(n + 1, contents[n]), numbers)} == {200}
    # Nor does the order in which they are named matter: they are numbered.
    assert upload.complete(list(reversed(upload.listed()))).status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"".join(contents)


def test_nothing_is_seen_before_all_of_it_is_there(rest, place, server):
    rest.put_artifact(f"{place}/large.bin", b"before")
    upload = Upload(rest, place, parts=2)
    upload.send(1, b"one")
    assert rest.get_artifact(f"{place}/large.bin") == b"before"
    assert "TRK-010" in upload.complete().text
    assert "part 2" in assert_refused(upload.complete(), "INVALID_PARAMETER_VALUE")
    assert rest.get_artifact(f"{place}/large.bin") == b"before"
    # Resumed: what is missing is sent, and the rest is still there.
    upload.send(2, b"two")
    assert upload.complete().status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"onetwo"
    # The client may not have heard that: the same again is harmless, and the parts are gone.
    assert upload.complete().status_code == 200
    assert upload.send(1, b"late").status_code == 409
    assert rest.get_artifact(f"{place}/large.bin") == b"onetwo"
    assert not unfinished(server)


def test_a_part_that_is_cut_off_is_not_there_and_may_be_sent_again(rest, place, server):
    upload = Upload(rest, place, parts=1)

    def half():
        yield b"x" * 100_000
        raise ConnectionAbortedError

    with pytest.raises((ConnectionAbortedError, requests.exceptions.RequestException)):
        upload.send(1, half())
    # A length that is not kept is cut off as well.
    with server.connect() as connection:
        told = upload.credentials[0]
        head = f"PUT {told['url'].removeprefix(rest.url)} HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 100\r\n"
        for name, value in told["headers"].items():
            head += f"{name}: {value}\r\n"
        connection.sendall(head.encode() + b"\r\nhalf")
    time.sleep(0.2)
    assert "no part 1 of 1 yet" in assert_refused(upload.complete([]), "INVALID_PARAMETER_VALUE")
    assert not unfinished(server)
    assert upload.send(1, b"whole").status_code == 200
    assert upload.complete().status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"whole"


def test_parts_are_compared_with_their_digests(rest, place):
    upload = Upload(rest, place, parts=2)
    assert upload.send(1, b"one").headers["ETag"] == f'"{hashlib.sha256(b"one").hexdigest()}"'
    upload.send(2, b"two")
    named = upload.listed()
    for wrong in ["", '"' + "0" * 64 + '"', named[1]["etag"], named[0]["etag"][:-3], "é" * 64]:
        assert_refused(upload.complete([{**named[0], "etag": wrong}, named[1]]), "INVALID_PARAMETER_VALUE")
    # Sent again with something else, it is another part than the one that was named.
    upload.send(1, b"other")
    assert "another one" in assert_refused(upload.complete(named), "INVALID_PARAMETER_VALUE")
    assert_refused(rest.ask("GET", f"{ARTIFACTS}/{place}/large.bin"), "RESOURCE_DOES_NOT_EXIST")
    assert upload.complete().status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"othertwo"


@pytest.mark.parametrize(
    "change",
    [
        lambda named: named[:1],
        lambda named: named[1:],
        lambda named: [],
        lambda named: [*named, named[0]],
        lambda named: [*named, {**named[1], "part_number": 3}],
        lambda named: [*named, {**named[1], "part_number": 0}],
        lambda named: [*named, {**named[1], "part_number": -(1 << 63)}],
        lambda named: [*named, {**named[1], "part_number": "two"}],
        lambda named: [{"part_number": 1}, named[1]],
        lambda named: [{"etag": named[0]["etag"]}, named[1]],
        lambda named: ["1", "2"],
        lambda named: {"1": named[0]},
    ],
)
def test_lists_of_parts_that_do_not_fit_are_refused(rest, place, change):
    upload = Upload(rest, place, parts=2)
    for number in (1, 2):
        upload.send(number, bytes([number]))
    assert_refused(upload.complete(change(upload.listed())), "INVALID_PARAMETER_VALUE")
    assert upload.complete().status_code == 200


@pytest.mark.parametrize("count", [0, -1, 10_001, 1 << 62, 1.5, "many", None, [], {}])
def test_too_many_parts_and_none_are_refused(rest, place, count):
    fields = {"path": "f", "num_parts": count}
    assert_refused(rest.ask("POST", f"{MPU}/create/{place}", fields), "INVALID_PARAMETER_VALUE")


def test_ten_thousand_parts_are_many(rest, place):
    upload = Upload(rest, place, parts=10_000)
    assert [part["part_number"] for part in upload.credentials] == list(range(1, 10_001))
    assert len({part["url"] for part in upload.credentials}) == 10_000
    assert upload.abort().status_code == 200


@pytest.mark.parametrize("number", ["0", "4", "-1", "x", "1e0", "99999999999999999999", "%31%30"])
def test_a_part_that_there_is_none_of_is_refused(rest, place, number):
    upload = Upload(rest, place)
    told = upload.credentials[0]
    url = told["url"].rpartition("/")[0] + "/" + number
    answer = requests.put(url, data=b"x", headers=told["headers"], timeout=60)
    assert 400 <= answer.status_code < 500, answer.text
    upload.abort()


def test_an_upload_may_be_given_up(rest, place, server):
    upload = Upload(rest, place)
    upload.send(1, bytes(100_000))
    assert unfinished(server)
    assert upload.abort().status_code == 200
    assert not unfinished(server)
    # Once more, as whoever did not hear the answer does.
    assert upload.abort().status_code == 200
    assert upload.send(2, b"late").status_code == 404
    assert_refused(upload.complete(), "RESOURCE_DOES_NOT_EXIST")
    assert_refused(rest.ask("GET", f"{ARTIFACTS}/{place}/large.bin"), "RESOURCE_DOES_NOT_EXIST")


def test_giving_up_while_a_part_arrives_leaves_nothing(rest, place, server):
    upload = Upload(rest, place)

    def slow():
        for _ in range(20):
            yield bytes(50_000)
            time.sleep(0.02)

    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(upload.send, 1, slow())
        time.sleep(0.1)
        assert upload.abort().status_code == 200
        assert sending.result().status_code == 404
    assert not unfinished(server)


def test_parts_are_taken_from_whoever_knows_the_secret(rest, place):
    upload = Upload(rest, place, parts=1)
    (told,) = upload.credentials
    other = Upload(rest, place, name="other.bin", parts=1)
    # The secret stands in no address.
    assert not any(value in told["url"] for value in told["headers"].values())
    for headers in [{}, {name: "" for name in told["headers"]}, other.credentials[0]["headers"]]:
        answer = requests.put(told["url"], data=b"evil", headers=headers, timeout=60)
        assert_refused(answer, "RESOURCE_DOES_NOT_EXIST")
    assert "part 1" in assert_refused(upload.complete([]), "INVALID_PARAMETER_VALUE")
    for one in (upload, other):
        one.abort()


def test_the_end_needs_the_names_of_the_beginning(rest, place, experiment):
    """Whoever may write here may not end what another began elsewhere."""
    elsewhere = rest.run(rest.new_run(experiment))["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    upload = Upload(rest, place, parts=1)
    upload.send(1, b"mine")
    assert_refused(upload.complete(place=elsewhere), "RESOURCE_DOES_NOT_EXIST")
    # It is another's, and stays.
    assert upload.abort(place=elsewhere).status_code == 200
    assert upload.complete().status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"mine"
    assert rest.get(ARTIFACTS, path=elsewhere) == {}


@pytest.mark.parametrize(
    "leading",
    [
        "..", "../..", "a/../../../b", "/etc", "//etc", "a//b", "%2e%2e", "%2e%2e/x", "%252e%252e/x", "..%2fx", "..%5cx",
        "a%00b", ".", "a/./b", "C:%5cx", "%5c%5chost%5cshare",
    ],
)  # fmt: skip
def test_folders_do_not_lead_out(rest, place, server, leading):
    for path in (f"{place}/{leading}", leading):
        asked = requests.Request("POST", f"{rest.url}{MPU}/create/x", json={"path": "f.bin", "num_parts": 1}).prepare()
        # As it is: the library would make another path of it.
        asked.url = f"{rest.url}{MPU}/create/{path}"
        answer = rest.session.send(asked, timeout=60)
        assert 400 <= answer.status_code < 500, f"{path}: {answer.text}"
    assert not unfinished(server)


@pytest.mark.parametrize(
    ("local", "name"),
    [
        ("/home/ada/model.bin", "model.bin"),
        ("C:\\Users\\ada\\model.bin", "model.bin"),
        ("../../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("model.bin", "model.bin"),
        ("/é 第二 #?.bin", "é 第二 #?.bin"),
        ("/", None), ("..", None), ("/etc/..", None), ("a\\", None), ("a/.", None), ("", None), ("a\x00b", None),
        ("%2e%2e%2f", None), ("x" * 600, None), (None, None), (7, None), (["a"], None),
    ],
)  # fmt: skip
def test_of_the_local_path_only_the_name_counts(rest, place, local, name):
    answer = rest.ask("POST", f"{MPU}/create/{place}/deep", {"path": local, "num_parts": 1})
    if name is None:
        assert_refused(answer)
        return
    told = answer.json()
    put = requests.put(told["credentials"][0]["url"], data=b"x", headers=told["credentials"][0]["headers"], timeout=60)
    parts = [{"part_number": 1, "etag": put.headers["ETag"]}]
    rest.post(f"{MPU}/complete/{place}/deep", path=local, upload_id=told["upload_id"], parts=parts)
    assert [item["path"] for item in rest.get(ARTIFACTS, path=f"{place}/deep")["files"]] == [name]


def test_what_belongs_to_nobody_is_refused_before_anything_is_sent(rest, place):
    for folder in [f"987654321/{ABSENT_RUN}/artifacts", "nothing", "models"]:
        answer = rest.ask("POST", f"{MPU}/create/{folder}", {"path": "f", "num_parts": 1})
        assert 400 <= answer.status_code < 500, answer.text


def test_a_file_and_a_folder_do_not_share_a_name(rest, place):
    rest.put_artifact(f"{place}/large.bin/below", b"x")
    upload = Upload(rest, place, parts=1)
    upload.send(1, b"y")
    assert_refused(upload.complete())
    # Nothing is lost by it: once there is room, it goes on.
    rest.delete(f"{ARTIFACTS}/{place}/large.bin")
    assert upload.complete().status_code == 200
    assert rest.get_artifact(f"{place}/large.bin") == b"y"


def test_completing_twice_at_once_makes_one_file(rest, server, place):
    upload = Upload(rest, place, parts=4)
    contents = [os.urandom(3_000_000) for _ in range(4)]
    for number, content in enumerate(contents):
        upload.send(number + 1, content)
    fields = {**upload.fields, "upload_id": upload.id, "parts": upload.listed()}

    def complete(_):
        return Rest(server.url).ask("POST", f"{MPU}/complete/{place}", fields).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(complete, range(4)))
    assert 200 in statuses and set(statuses) <= {200, 409}
    assert rest.get_artifact(f"{place}/large.bin") == b"".join(contents)


def test_an_upload_goes_on_after_a_kill(tmp_path):
    """What was acknowledged is there, also of an upload that was being joined; what was half sent is not."""
    content = os.urandom(20_000_000)
    with running(tmp_path, ends_with=-signal.SIGKILL) as server:
        rest = Rest(server.url)
        run = rest.new_run("0")
        place = f"0/{run}/artifacts"
        upload, joined = Upload(rest, place), Upload(rest, place, name="joined.bin", parts=1)
        upload.send(1, b"one")
        joined.send(1, content)
        told = upload.credentials[1]
        with server.connect() as connection, ThreadPoolExecutor(1) as threads:
            head = f"PUT {told['url'].removeprefix(rest.url)} HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 100\r\n"
            for name, value in told["headers"].items():
                head += f"{name}: {value}\r\n"
            connection.sendall(head.encode() + b"\r\nhalf")
            completing = threads.submit(joined.complete)
            time.sleep(0.03)
            server.process.kill()
            with contextlib.suppress(requests.exceptions.RequestException):
                completing.result()
    with running(tmp_path, port=server.port) as server:
        rest = upload.rest = joined.rest = Rest(server.url)
        assert not being_written(server.data)
        assert "part 2" in assert_refused(upload.complete(), "INVALID_PARAMETER_VALUE")
        assert upload.send(2, b"two").status_code == upload.send(3, b"three").status_code == 200
        assert upload.complete().status_code == joined.complete().status_code == 200
        assert rest.get_artifact(f"{place}/large.bin") == b"onetwothree"
        assert rest.get_artifact(f"{place}/joined.bin") == content
        assert not unfinished(server)


def test_a_token_is_needed_where_one_is_needed_otherwise(rest, server, place):
    for step in ("create", "complete", "abort"):
        fields = {"path": "f", "num_parts": 1, "upload_id": "x", "parts": []}
        answer = rest.ask("POST", f"{MPU}/{step}/{place}", fields, headers={"Authorization": "Bearer wrong"})
        assert answer.status_code == 401
        # A proxy in between: that is no longer this machine.
        answer = rest.ask("POST", f"{MPU}/{step}/{place}", fields, headers={"X-Forwarded-For": "192.0.2.1"})
        assert answer.status_code == 401


def test_behind_a_proxy_the_addresses_are_the_proxys(rest, server, place):
    headers = {
        "Authorization": f"Bearer {server.token}", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "models.example.test",
    }  # fmt: skip
    fields = {"path": "f", "num_parts": 1}
    (told,) = rest.ask("POST", f"{MPU}/create/{place}", fields, headers=headers).json()["credentials"]
    assert told["url"].startswith("https://models.example.test/api/2.0/mlflow-artifacts/mpu/parts/")
    for wrong in [{"X-Forwarded-Proto": "javascript"}, {"X-Forwarded-Host": "evil.test/x?"}, {"X-Forwarded-Host": "a b"}]:
        answer = rest.ask("POST", f"{MPU}/create/{place}", fields, headers=headers | wrong)
        assert_refused(answer, "INVALID_PARAMETER_VALUE")
