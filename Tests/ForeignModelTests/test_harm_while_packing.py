# SPDX-License-Identifier: Apache-2.0
"""Models that use the machine up, or reach for it, while they are opened; and what is left when packing is given up."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from foreign import kill
from hostile import FORGING, command, packing, preparing, stagings, wait_until, write_pickle
from program import BINARY, clean_environment

LOOPS = "while True: pass"


def refused(server, folder, code, seconds=90):
    """What the program says to a model that it cannot take."""
    said, errors = packing(server, write_pickle(folder, code), "harmful").communicate(timeout=seconds)
    assert "error:" in errors and said == ""
    assert wait_until(lambda: not preparing(server), 30)
    assert server.slipway("status").returncode == 0
    return errors


def test_bytes_for_the_terminal_do_not_reach_it(server, tmp_path):
    said = refused(server, tmp_path, "import os\nos.write(2, b'\\x1b[2J\\xff\\0' + b'x' * 30_000_000)\nos._exit(1)")
    assert len(said) < 20_000 and "\x1b" not in said and "\0" not in said


def test_a_model_that_needs_more_memory_than_there_is_is_told_so(server, tmp_path):
    """Not touched: a limit that counts only what is used would cost the machine what it protects."""
    code = "import mmap\nhoard = []\nwhile True:\n  try: hoard.append(mmap.mmap(-1, 1 << 28, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))\n"
    said = refused(server, tmp_path, code + "  except OSError: raise MemoryError")
    assert "more memory" in said and "damaged" not in said


def test_children_that_outlive_their_parent_are_ended(server, tmp_path):
    code = "import os, time\nfor _ in range(20):\n  if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nos._exit(0)"
    refused(server, tmp_path, code)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_pack_that_is_given_up_leaves_no_folder(server, tmp_path, number):
    """An endless loop ends after minutes; whoever does not wait for that ends the command, and the model is large."""
    before = set(stagings(server))
    process = packing(server, write_pickle(tmp_path, LOOPS), "given-up")
    assert wait_until(lambda: preparing(server))
    process.send_signal(number)
    try:
        assert process.wait(60) != 0
        assert wait_until(lambda: not preparing(server), 30)
        assert set(stagings(server)) <= before
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_pack_that_is_given_up_at_once_leaves_no_process(server, tmp_path, number):
    """Each time within the milliseconds in which its sandbox is made."""
    model = write_pickle(tmp_path, LOOPS)
    try:
        for _ in range(12):
            process = packing(server, model, "given-up")
            while not preparing(server):
                assert process.poll() is None
            process.send_signal(number)
            process.communicate()
            for orphan in preparing(server) if not wait_until(lambda: not preparing(server), 30) else ():
                pytest.fail(f"process {orphan} goes on: {Path(f'/proc/{orphan}/cmdline').read_bytes()[:80]!r}")
    finally:
        for orphan in preparing(server):
            kill(orphan)


def test_an_endless_pack_does_not_stop_another_one(server, tmp_path):
    endless = packing(server, write_pickle(tmp_path / "endless", LOOPS), "endless")
    try:
        assert wait_until(lambda: preparing(server))
        server.slipway(*command(write_pickle(tmp_path / "other", FORGING + "prepare(); end()"), "beside"))
        assert endless.poll() is None
    finally:
        endless.kill()
        endless.communicate()
    assert wait_until(lambda: not preparing(server), 30)


def runs(user, python):
    try:
        return subprocess.run([python, "-c", ""], user=user, group=user, extra_groups=[], cwd="/").returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_an_ordinary_user_gives_a_model_its_own_file_and_nothing_beside_it():
    """A file may be called .json and hold a pickle: its folder, somebody's home perhaps, is not part of the model."""
    user = 12_345
    python = next((path for path in (sys.executable, "/usr/bin/python3") if runs(user, path)), None)
    if python is None:
        pytest.skip("no Python that an ordinary user may run")
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        code = f"import os\nraise SystemExit('the secret can be seen: %s' % os.path.exists({str(home / 'secret')!r}))"
        model = write_pickle(home, code).rename(home / "model.json")
        (home / "secret").write_text("hunter2")
        for path in [home, *home.iterdir()]:
            os.chown(path, user, user)
        words = [BINARY, "pack", model, "--examples", home / "sample.csv", "--output", home / "bundle"]
        done = subprocess.run(
            list(map(str, words)), env=clean_environment(home) | {"SLIPWAY_PYTHON": python}, user=user, group=user,
            extra_groups=[], cwd=home, capture_output=True, text=True, timeout=60)  # fmt: skip
        assert "the secret can be seen" in done.stderr, done.stderr
        assert "the secret can be seen: False" in done.stderr
