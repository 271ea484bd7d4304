# SPDX-License-Identifier: Apache-2.0
"""Secrets are where somebody says they are, and nowhere else."""

import json
import os
import subprocess

import pytest
from alerting import watching
from program import fetch
from receivers import is_signed, receiver

SECRET = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with watching(tmp_path_factory.mktemp("secrets"), HOOK_SECRET=SECRET, CHAT="http://127.0.0.1:9/T0/B0/" + SECRET) as one:
        yield one


def add(server, name, *options, code=0):
    return server.slipway("alert", "to", "add", name, *options, code=code)


def test_a_secret_is_nowhere_but_where_it_was(server, tmp_path):
    key = tmp_path / "key"
    key.write_text(SECRET + "\n")
    with receiver() as hook:
        add(server, "variable", "--webhook", hook.url, "--secret", "env:HOOK_SECRET")
        add(server, "file", "--webhook", hook.url, "--secret", f"file:{key}")
        add(server, "chat", "--slack", "env:CHAT")
        printed = [server.slipway("alert", "to", "list", *form).stdout for form in ([], ["--format", "json"])]
        for name in ["variable", "file"]:
            server.slipway("alert", "test", name)
        assert all(is_signed(one, SECRET.encode()) for one in hook.received) and len(hook.received) == 2
        done = server.slipway("alert", "test", "chat", code=7)
        printed += [done.stdout, done.stderr, server.slipway("ledger", "list", "--format", "json").stdout,
                    server.slipway("logs", "--lines", 1000).stdout, server.log.read_text()]
    assert not any(SECRET in text for text in printed)
    held = subprocess.run(["grep", "-rlF", SECRET, server.data], capture_output=True, text=True).stdout
    assert held == "", held


def test_a_file_that_is_replaced_holds_at_once(server, tmp_path):
    key = tmp_path / "key"
    key.write_text("one")
    with receiver() as hook:
        add(server, "replaced", "--webhook", hook.url, "--secret", f"file:{key}")
        server.slipway("alert", "test", "replaced")
        key.write_text("two")
        server.slipway("alert", "test", "replaced")
        key.unlink()
        assert "is not there" in server.slipway("alert", "test", "replaced", code=7).stdout
    assert [is_signed(one, key) for one, key in zip(hook.received, [b"one", b"two"])] == [True, True]


def test_the_servers_own_secrets_are_no_destinations_business(server, tmp_path):
    (tmp_path / "link").symlink_to(server.data / "token")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 20_000)
    (server.data / "secrets").mkdir(exist_ok=True)
    (server.data / "secrets" / "key").write_text("own")
    for reference in [f"file:{server.data}/token", f"file:{tmp_path}/link", f"file:{server.data}/x/../token",
                      f"file:{server.data}/secrets/../token", "file:/nowhere/at/all", f"file:{tmp_path}",
                      f"file:{tmp_path}/empty", f"file:{tmp_path}/pipe", f"file:{tmp_path}/large", "env:NOT_THERE"]:
        said = add(server, "no", "--webhook", "http://127.0.0.1:9", "--secret", reference, code=7).stderr
        assert "ALR-003" in said, reference
    for reference in ["env:SLIPWAY_ONNXRUNTIME", "env:", "env:1A", "env:A B", "file:relative", "plain", "file:", "http://x"]:
        said = add(server, "no", "--webhook", "http://127.0.0.1:9", "--secret", reference, code=2).stderr
        assert "IN-006" in said and "plain" not in said, reference
    add(server, "own", "--webhook", "http://127.0.0.1:9", "--secret", f"file:{server.data}/secrets/key")


@pytest.mark.parametrize("address", ["ftp://x/y", "http://", "http://ada:pa55@host/", "http://host/#part", "host:80",
                                     "http://ho st/", "http://host/\r\nX: y", "http://" + "x" * 3000, ""])
def test_what_is_no_address_is_refused_and_not_repeated(server, address):
    body = {"name": "no", "kind": "webhook", "address": address}
    status, text = fetch(server.url + "/v1/alerts/destinations", body, Authorization=f"Bearer {server.token}")
    assert status == 400 and json.loads(text)["code"] == "IN-006", text
    assert "pa55" not in text and (not address or address not in text)


def test_bodies_that_are_no_destinations_or_silences(server):
    def refused(path, body):
        status, text = fetch(server.url + path, body, Authorization=f"Bearer {server.token}")
        assert status == 400, text
        return json.loads(text)["code"]

    hook = {"name": "no", "kind": "webhook", "address": "http://127.0.0.1:9"}
    mail = {"name": "no", "kind": "mail", "address": "smtp://127.0.0.1:9", "from": "a@b.c", "to": ["d@e.f"]}
    for body, code in [
        (hook | {"kind": "pigeon"}, "IN-006"), (hook | {"from": "a@b.c"}, "IN-010"), (hook | {"name": "a/b"}, "REG-005"),
        (hook | {"kind": "slack"}, "IN-006"), (mail | {"to": []}, "IN-006"), (mail | {"from": "a@b.c\r\nBcc: x@y.z"}, "IN-006"),
        (mail | {"to": ["a b@c.d"]}, "IN-006"), (mail | {"to": ["<x>@c.d"]}, "IN-006"), (mail | {"user": "ada"}, "IN-003"),
        (mail | {"address": "http://127.0.0.1"}, "IN-006"), (mail | {"to": ["d@e.f"] * 21}, "IN-006"),
    ]:
        assert refused("/v1/alerts/destinations", body) == code, body
    silence = {"pattern": "drift/*", "lasting": "1h", "reason": "because"}
    for change, code in [({"pattern": "drft/x"}, "IN-006"), ({"pattern": ""}, "IN-006"), ({"lasting": "soon"}, "IN-006"),
                         ({"lasting": "0h"}, "IN-006"), ({"reason": " "}, "IN-003"), ({"reason": "a\u0000"}, "IN-008"),
                         ({"reason": "x" * 501}, "IN-008"), ({"pattern": "a\u0000*"}, "IN-006")]:
        assert refused("/v1/alerts/silences", silence | change) == code, change
    assert server.slipway("alert", "silences").stdout == "nothing is silenced\n"
