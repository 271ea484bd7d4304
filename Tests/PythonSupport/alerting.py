# SPDX-License-Identifier: Apache-2.0
"""Endpoints that fail, and servers that look often."""

import json
import threading

from program import MODELS, fetch, running

OFTEN = ("--alert-interval", "200ms")


def watching(folder, *options, **keywords):
    return running(folder, *OFTEN, *options, **keywords)


def deploy_failing(server, name="failing"):
    """A model that opens, and fails whenever it is asked for one row."""
    server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", name)
    # How full the disk of whoever runs these tests is, is another matter.
    server.slipway("alert", "silence", "disk/*", "--for", "1d", "--why", "a test")


def alerts(server, *options):
    return json.loads(server.slipway("alert", "list", *options, "--format", "json").stdout)


def destinations(server):
    found = json.loads(server.slipway("alert", "to", "list", "--format", "json").stdout)
    return {one["name"]: one for one in found}


def ask(server, name, row):
    return fetch(f"{server.url}/v1/endpoints/{name}/predict", row)[0]


class Failing:
    """Asks for what cannot be answered, until it is told to stop."""

    def __init__(self, server, name="failing"):
        self.server, self.name, self.ends = server, name, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ends.wait(0.01):
            try:
                assert ask(self.server, self.name, {"values": [1, 2, 3]}) == 500
            except OSError:
                if not self.ends.is_set():
                    raise

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
