# SPDX-License-Identifier: Apache-2.0
"""Servers that do not belong together are refused, and harm nobody."""

import subprocess

import postgresql
import pytest
from fleet import factor, new_scale
from program import BINARY, START_LIMIT_S, clean_environment, running


def refused(folder, *options, **variables):
    """What a server says that does not start."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        list(map(str, [BINARY, "serve", "--port", "0", *options])), env=clean_environment(folder) | variables,
        capture_output=True, text=True, timeout=START_LIMIT_S,
    )  # fmt: skip
    assert done.returncode != 0, done.stdout
    assert "listening" not in done.stdout
    return done.returncode, done.stderr


@pytest.mark.parametrize("other", ["another folder", "a folder of its own"])
def test_other_contents_on_the_same_database(trio, common, tmp_path, other):
    options = ["--contents", tmp_path / "other"] if other == "another folder" else []
    code, said = refused(tmp_path / "late", *options, SLIPWAY_DATABASE=common.database)
    assert code == 4 and "RPL-003" in said, said
    assert all(server.is_running() for server in trio)
    name = new_scale(trio[0], tmp_path, f"after-{other.replace(' ', '-')}", 2)
    assert factor(trio[0], name) == 2


def test_another_database_on_the_same_contents(trio, common, tmp_path):
    code, said = refused(
        tmp_path / "late", "--contents", common.contents,
        SLIPWAY_DATABASE=postgresql.shared_cluster().new_database())  # fmt: skip
    assert code == 4 and "RPL-003" in said, said
    code, said = refused(tmp_path / "later", "--contents", common.contents)
    assert code == 4 and "RPL-003" in said, said
    assert all(server.is_running() for server in trio)


def test_the_contents_of_a_server_alone_are_not_to_be_shared(tmp_path):
    """Its registry is a file in its data folder, which nobody else reads."""
    with running(tmp_path / "alone") as server:
        name = new_scale(server, tmp_path, "alone", 2)
        code, said = refused(
            tmp_path / "late", "--contents", server.data / "contents",
            SLIPWAY_DATABASE=postgresql.shared_cluster().new_database())  # fmt: skip
        assert code == 4, said
        assert factor(server, name) == 2
    with running(tmp_path / "alone") as server:
        assert factor(server, name) == 2


def test_two_servers_in_one_data_folder(trio, common, tmp_path):
    code, said = refused(common.folder / "a", "--contents", common.contents, SLIPWAY_DATABASE=common.database)
    assert code == 4 and "SYS-003" in said, said
    with running(tmp_path):
        code, said = refused(tmp_path)
        assert code == 4 and "SYS-003" in said, said


def test_the_data_folder_remembers_where_the_contents_are(fleet, tmp_path):
    fleet.start("a")
    fleet.end("a")
    with running(tmp_path / "a", SLIPWAY_DATABASE=fleet.database) as server:
        name = new_scale(server, tmp_path, "remembered", 2)
        second = fleet.start("b")
        assert factor(second, name) == 2
