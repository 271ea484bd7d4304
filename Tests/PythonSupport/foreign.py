# SPDX-License-Identifier: Apache-2.0
"""Models of one's own code, as folders with a predict.py, and how they are deployed and asked."""

import contextlib
import http.client
import json
import os
import signal
import time
from pathlib import Path

# What a row with `what` set makes the model do.
MISBEHAVING = '''
import ctypes, hashlib, os, sys, time
import numpy as np


def predict(rows):
    values = np.asarray(rows["value"], float)
    for what in rows["what"]:
        if what == "raise":
            raise RuntimeError("the model is in a bad mood")
        if what == "exit":
            sys.exit(0)
        if what == "os_exit":
            os._exit(7)
        if what == "crash":
            ctypes.string_at(0)
        if what == "sleep":
            time.sleep(3600)
        if what == "work_in_c":
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
        if what == "loop":
            while True:
                pass
        if what == "few":
            return values[:0]
        if what == "wide":
            return np.stack([values, values], 1)
        if what == "texts":
            return np.array(["x"] * len(values), object)
        if what == "none":
            return None
        if what == "nan":
            return values * np.nan
        if what == "print":
            print("printed to standard output " * 10)
        if what == "flood":
            sys.stderr.write("noise\\n" * 200_000)
        if what == "slow":
            time.sleep(0.5)
        if what == "hoard":
            hoard = []
            while True:
                hoard.append(np.ones(1 << 24))
        if what == "environment":
            return np.full(len(values), float(any("hunter2" in value for value in os.environ.values())))
    return values * 2
'''
# Runs what a row tells it to, and answers with twice the value, whatever that was.
OBEDIENT = '''
import numpy as np

KEPT = {}


def predict(rows):
    values = np.asarray(rows["value"], float)
    for what in rows["what"]:
        if what.startswith("#run"):
            exec(what, {"KEPT": KEPT, "np": np})
    return values * 2
'''
SAMPLE = "value,what\n1.5,nothing\n2.5,nothing\n4,nothing\n"


def deploy_code(server, folder, name, code, *options, sample=SAMPLE, code_status=0):
    """A folder with `code` as its predict.py, deployed to be run by a worker."""
    (folder / "predict.py").write_text(code)
    (folder / "sample.csv").write_text(sample)
    return server.slipway(
        "deploy", folder, "--name", name, "--engine", "worker", "--examples", folder / "sample.csv", *options,
        code=code_status)


def ask(server, name, *rows, deadline=None, caller="127.0.0.1"):
    """Status, and the answer as JSON. A caller without a token is known by the address it comes from."""
    headers = {"Content-Type": "application/json", **({"slipway-timeout": deadline} if deadline else {})}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120, source_address=(caller, 0))
    with contextlib.closing(connection):
        connection.request("POST", f"/v1/endpoints/{name}/predict", json.dumps(rows), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def workers(server):
    """The processes that run models, whatever they are started through."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes()
            status = (place / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if b"slipway._worker" in command and b"sandboxed" not in command and b"bwrap" not in command:
            if _is_below(int(status[1]), server.pid):
                found.append(int(place.name))
    return found


def _is_below(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def log_says(server, text, seconds=120):
    """Whether the server's log has the text, by and by."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if text in server.log.read_text() or text in (server.data / "server.log").read_text():
            return True
        time.sleep(0.1)
    return False
