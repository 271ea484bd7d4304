# SPDX-License-Identifier: Apache-2.0
"""Backups that are damaged, cut off, tampered with or not ours, and what becomes of them: nothing."""

import io
import json
import shutil
import subprocess
import tarfile

import pytest
from program import MODELS, fetch, running, slipway


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A platform's backups, as a folder and as a file, of a server that has ended."""
    home = tmp_path_factory.mktemp("backup")
    with running(home / "old") as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        server.slipway("backup", home / "folder")
        server.slipway("backup", home / "whole.tar", "--with-token")
        yield {"home": home, "environment": server.environment, "token": server.token, "server": server}


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the folder, to be damaged."""
    return shutil.copytree(made["home"] / "folder", tmp_path / "folder")


def refused(made, tmp_path, backup, code=2, word="BAK-001"):
    """`verify` and `restore` refuse it, and nothing is left of the attempt -> what they said."""
    data = tmp_path / "restored"
    said = slipway("restore", backup, "--data", data, environment=made["environment"], code=code).stderr
    assert word in said, said
    assert not data.exists() and not list(tmp_path.glob("*.restoring"))
    verified = slipway("backup", "verify", backup, environment=made["environment"], code=code).stderr
    assert word in verified, verified
    return verified


def contents(folder):
    return sorted(path for path in (folder / "contents").rglob("*") if path.is_file())


def test_a_changed_bit_anywhere_is_found_and_named(made, folder, tmp_path):
    for path in [*contents(folder), *folder.glob("registry-*"), *folder.glob("contents-*")]:
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        said = refused(made, tmp_path, folder)
        assert path.name[:20] in said, said
        path.write_bytes(whole)
    slipway("backup", "verify", folder, environment=made["environment"])


def test_what_is_missing_is_named(made, folder, tmp_path):
    first, second, *_ = contents(folder)
    first.unlink()
    second.unlink()
    said = refused(made, tmp_path, folder)
    assert first.name in said and second.name in said and "1 more" in said
    for name in ["registry-*", "contents-*.sha256", "backup.json"]:
        copy = shutil.copytree(made["home"] / "folder", tmp_path / name.strip("*-."))
        next(copy.glob(name)).unlink()
        refused(made, tmp_path, copy)


def test_an_index_that_was_written_anew_is_refused(made, folder, tmp_path):
    index = json.loads((folder / "backup.json").read_text())
    for change in [
        {"schema": "slipway.backup/9"}, {"contents": index["contents"] | {"name": "../../etc/passwd"}}, {"tables": 3},
        {"registry": index["registry"] | {"name": "/etc/passwd"}}, {"content_count": 1}, {"registry_schema": -1},
        {"tables": [{"name": "ledger", "rows": 1}]}, {"ledger_head": "sha256:" + "0" * 64},
    ]:
        (folder / "backup.json").write_text(json.dumps(index | change))
        said = slipway(
            "restore", folder, "--data", tmp_path / "r", environment=made["environment"], code=2
        ).stderr
        assert "BAK-001" in said and not (tmp_path / "r").exists(), change
    (folder / "backup.json").write_text(json.dumps(index | {"registry_schema": 999}))
    said = slipway("restore", folder, "--data", tmp_path / "r", environment=made["environment"], code=4).stderr
    assert "REG-009" in said and not (tmp_path / "r").exists()
    (folder / "backup.json").write_text("[" * 100_000)
    refused(made, tmp_path, folder)


def test_archives_that_lead_elsewhere_are_refused(made, tmp_path):
    def archive(*extra):
        path = tmp_path / "hostile.tar"
        shutil.copy(made["home"] / "whole.tar", path)
        with tarfile.open(path, "a") as opened:
            for info, data in extra:
                opened.addfile(info, io.BytesIO(data))
        return path

    def entry(name, kind=tarfile.REGTYPE, target="", data=b""):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, target, len(data)
        return info, data

    for extra in [
        entry("../evil", data=b"x"), entry("/tmp/evil", data=b"x"), entry("contents/../../evil", data=b"x"),
        entry("contents/link", tarfile.SYMTYPE, "/etc/passwd"), entry("contents/hard", tarfile.LNKTYPE, "backup.json"),
        entry("pipe", tarfile.FIFOTYPE), entry("device", tarfile.CHRTYPE), entry("backup.json", data=b"{}"),
        entry("a" * 150, data=b"x"),
    ]:
        refused(made, tmp_path, archive(extra))
    whole = (made["home"] / "whole.tar").read_bytes()
    for length in [0, 100, 512, 1000, len(whole) // 2, len(whole) - 1025]:
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        refused(made, tmp_path, tmp_path / "cut.tar")
    refused(made, tmp_path, tmp_path / "nowhere.tar", code=3, word="PRJ-006")


def test_what_other_programs_packed_is_read(made, tmp_path):
    subprocess.run(["tar", "-C", made["home"] / "folder", "-cf", tmp_path / "gnu.tar", "."], check=True)
    with tarfile.open(tmp_path / "python.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(made["home"] / "folder", ".")
    for name in ["gnu", "python"]:
        slipway("restore", tmp_path / f"{name}.tar", "--data", tmp_path / name, environment=made["environment"])
        assert (tmp_path / name / "registry.sqlite").exists()


def test_nothing_is_written_over(made, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    slipway("restore", made["home"] / "folder", "--data", data, environment=made["environment"])
    said = slipway("restore", made["home"] / "folder", "--data", data, environment=made["environment"], code=4)
    assert "BAK-002" in said.stderr
    thesis = tmp_path / "documents"
    thesis.mkdir()
    (thesis / "thesis.tex").write_text("years")
    said = slipway("backup", thesis, environment=made["environment"], code=4)
    assert "BAK-002" in said.stderr and [path.name for path in thesis.iterdir()] == ["thesis.tex"]


def test_the_token_comes_back_where_it_was_asked_for(made, tmp_path):
    home = tmp_path / "new"
    home.mkdir()
    slipway("restore", made["home"] / "whole.tar", "--data", home / "data", environment=made["environment"])
    assert (home / "data" / "token").stat().st_mode & 0o777 == 0o600
    with running(home) as server:
        assert server.token == made["token"]
        status, answer = fetch(server.url + "/v1/endpoints/scale/predict", {"values": [1, 2, 3]})
        assert status == 200, answer


def test_a_folder_without_a_server_is_read_by_itself_and_a_damaged_platform_too(tmp_path):
    with running(tmp_path) as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        server.slipway("deploy", MODELS / "add.onnx", "--name", "add")
    blobs = [path for path in (server.data / "contents" / "blobs").rglob("*") if path.is_file()]
    model = next(path for path in blobs if path.read_bytes() == (MODELS / "add.onnx").read_bytes())
    model.unlink()
    shutil.rmtree(server.data / "contents" / "bundles")
    made = slipway("backup", tmp_path / "offline", "--format", "json", environment=server.environment)
    report = json.loads(made.stdout)
    # It is copied as far as it goes, and says what it has not.
    assert report["contents"] == len(blobs) - 1 and len(report["missing"]) == 1
    assert model.name[:12] in report["missing"][0] and "warning: The content" in made.stderr
    slipway("backup", "verify", tmp_path / "offline", environment=server.environment)


def test_only_who_administers_all_of_it_may(made, tmp_path):
    server = made["server"]
    for role, project in [("viewer", None), ("developer,approver", None), ("admin", "default")]:
        options = ["--project", project] if project else []
        token = json.loads(
            server.slipway("token", "create", "ada", "--role", role, *options, "--format", "json").stdout
        )["token"]
        said = server.slipway("backup", tmp_path / "b.tar", code=5, SLIPWAY_TOKEN=token)
        assert "ACC-00" in said.stderr and not list(tmp_path.iterdir())
        assert "ACC-00" in server.slipway("gc", "--apply", code=5, SLIPWAY_TOKEN=token).stderr
