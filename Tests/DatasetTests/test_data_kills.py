# SPDX-License-Identifier: Apache-2.0
"""Uploads that end in the middle, and servers that do: what was acknowledged is there whole, and nothing is there by half."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time

from data_commands import Data, blobs, sha256
from program import BINARY, SOAK, running

ROUNDS = 20 if SOAK else 2
ROWS = 150_000


def table(seed, rows=ROWS):
    numbers = random.Random(seed)
    return "a,b\n" + "".join(f"{row},{numbers.random()}\n" for row in range(rows))


def test_an_upload_that_is_cut_goes_on_where_it_was(data, server):
    path = data.write(table(1))
    command = [BINARY, "dataset", "add", path, "--name", data.name]
    before = blobs(server)
    process = subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(blobs(server) - before) < 5:
        assert process.poll() is None, "it was done before it could be cut"
        time.sleep(0.001)
    process.kill()
    process.wait()
    sent = blobs(server) - before
    assert data.refusal("list", data.name)[0] == "DAT-001"
    version = data.add(path)
    assert version["version"] == 1 and sent < blobs(server)
    assert data.get(1) == path.read_bytes()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path):
    folder = tmp_path / "server"
    acknowledged = {}
    for number in range(ROUNDS):
        # It is killed, and ends so.
        with running(folder, ends_with=-signal.SIGKILL, SLIPWAY_PYTHON=sys.executable) as server:
            stop = threading.Event()

            def add(writer, server=server, number=number, stop=stop):
                turn = 0
                while not stop.is_set():
                    path = tmp_path / f"{writer}.csv"
                    text = table(f"{number} {writer} {turn}", 2000)
                    path.write_text(text)
                    done = subprocess.run(
                        [BINARY, "dataset", "add", path, "--name", f"set-{writer}", "--format", "json"],
                        env=server.environment, capture_output=True, text=True,
                    )
                    with contextlib.suppress(ValueError, KeyError):
                        version = json.loads(done.stdout)["version"]
                        acknowledged[f"set-{writer}", version["version"]] = text
                    turn += 1

            writers = [threading.Thread(target=add, args=(writer,)) for writer in range(2)]
            for writer in writers:
                writer.start()
            deadline = time.monotonic() + 60
            wanted = len(acknowledged) + 4
            while len(acknowledged) < wanted and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(random.Random(number).random() / 2)
            server.process.kill()
            server.process.wait()
            stop.set()
            for writer in writers:
                writer.join()
    assert len(acknowledged) >= 4 * ROUNDS
    with running(folder, SLIPWAY_PYTHON=sys.executable) as server:
        for (name, number), text in acknowledged.items():
            data = Data(server, name, tmp_path)
            assert data.get(number) == text.encode()
        for version in Data(server, "", tmp_path).json("list"):
            # One more may be there that nobody was told of: as a whole.
            data = Data(server, version["dataset"], tmp_path)
            for known in data.json("list", data.name):
                assert "sha256:" + sha256(data.get(known["version"])) == known["digest"]
        server.slipway("ledger", "verify")


def test_adding_at_the_same_time(data, server):
    """Different data gets numbers of its own, the same data one."""
    paths = [data.write(table(seed, 300), f"{seed}.csv") for seed in range(6)]
    processes = [
        subprocess.Popen(
            [BINARY, "dataset", "add", path, "--name", data.name, "--format", "json"],
            env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for path in paths
    ]
    answers = [json.loads(process.communicate()[0]) for process in processes]
    assert sorted(answer["version"]["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    for path, answer in zip(paths, answers):
        assert data.get(answer["version"]["version"]) == path.read_bytes()


def test_a_piece_that_was_changed_on_the_disk_is_not_handed_out(data, server):
    version = data.add(data.write(table(7, 3000)))
    record = data.record()
    piece = record["data"]["chunks"][0][0]
    path = server.data / "contents" / "blobs" / piece[:2] / piece
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    target = data.folder / "got"
    done = data.server.slipway("dataset", "get", data.name, "--out", target, code=ANY_FAILURE)
    assert not target.exists(), done.stderr
    # Adding the same data mends it.
    assert data.add(data.write(table(7, 3000))) == version | {"new": False}
    assert data.get(1) == table(7, 3000).encode()


class AnyFailure:
    def __eq__(self, other):
        return other != 0

    def __ne__(self, other):
        return other == 0


ANY_FAILURE = AnyFailure()
