# SPDX-License-Identifier: Apache-2.0
"""What every worker keeps, whatever its language: docs/formats/worker-protocol.md."""

import struct

import numpy as np
import pytest
from contract import Connection, frame
from workers import COEFFICIENTS, INTERCEPT, bare_environment, linear

ROWS = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 1e6], [0.1, 0.2, 0.3]])
INPUTS = [{"name": "values", "datatype": "FP64", "shape": [-1, 3]}]
OUTPUTS = [{"name": "estimate", "datatype": "FP64", "shape": [-1]}]


def expected(rows):
    return INTERCEPT + rows @ np.array(COEFFICIENTS)


@pytest.fixture
def folder(tmp_path):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    return bundle


@pytest.fixture
def worker(kind, folder, tmp_path):
    with Connection(linear(kind, folder), bare_environment(tmp_path)) as connection:
        yield connection


def agrees(outputs, rows):
    assert list(outputs) == ["estimate"]
    np.testing.assert_allclose(outputs["estimate"], expected(rows), rtol=1e-12)


def test_hello_says_protocol_worker_and_language(worker):
    hello = worker.hello()
    assert hello["kind"] == "hello" and hello["protocol"] == 1
    assert all(isinstance(hello[key], str) and hello[key] for key in ("worker", "language", "runtime"))


def test_another_protocol_is_refused(worker):
    answer = worker.ask({"kind": "hello", "protocol": 2, "server": "slipway test"})
    assert (answer["kind"], answer["code"]) == ("error", "protocol")


def test_loaded_and_description_say_the_signature(worker, folder):
    loaded = worker.load(folder)
    assert loaded["kind"] == "loaded", loaded
    description = worker.ask({"kind": "describe"})
    assert description["kind"] == "description"
    for answer in (loaded, description):
        assert answer["inputs"] == INPUTS and answer["outputs"] == OUTPUTS


def test_predictions_are_right_for_any_number_of_rows(worker, folder):
    worker.loaded(folder)
    agrees(worker.predict(values=ROWS), ROWS)
    agrees(worker.predict(values=ROWS[:1]), ROWS[:1])
    many = np.random.default_rng(4).normal(size=(100_000, 3))
    agrees(worker.predict(values=many), many)


def test_ids_are_given_back_as_they_came(worker, folder):
    worker.loaded(folder)
    for identifier in (0, 2**31, 2**53 - 1):
        worker.last = identifier - 1
        agrees(worker.predict(values=ROWS), ROWS)


def test_ping_is_answered_before_and_between_predictions(worker, folder):
    assert worker.hello()["kind"] == "hello"
    assert worker.ask({"kind": "ping"}) == {"kind": "pong"}
    assert worker.ask({"kind": "load", "folder": str(folder), "descriptor": "worker.json"})["kind"] == "loaded"
    agrees(worker.predict(values=ROWS), ROWS)
    assert worker.ask({"kind": "ping"}) == {"kind": "pong"}


def test_a_cancel_that_comes_too_late_is_passed_over(worker, folder):
    worker.loaded(folder)
    agrees(worker.predict(values=ROWS), ROWS)
    worker.send({"kind": "cancel", "id": worker.last})
    agrees(worker.predict(values=ROWS), ROWS)


def test_an_unknown_message_is_an_error_and_the_worker_goes_on(worker, folder):
    worker.loaded(folder)
    answer = worker.ask({"kind": "dance"})
    assert (answer["kind"], answer["code"]) == ("error", "protocol")
    agrees(worker.predict(values=ROWS), ROWS)


def test_what_the_model_refuses_is_an_error_and_the_worker_goes_on(worker, folder):
    worker.loaded(folder)
    answer = worker.predict(values=np.array([[1.0, np.nan, 3.0]]))
    assert answer["code"] in ("failed", "invalid") and "missing" in answer["message"]
    agrees(worker.predict(values=ROWS), ROWS)


def test_a_tensor_that_does_not_fit_is_an_error_and_the_worker_goes_on(worker, folder):
    worker.loaded(folder)
    assert worker.predict(values=ROWS[:, :2].copy())["code"] == "invalid"
    assert worker.predict(other=ROWS)["code"] == "invalid"
    agrees(worker.predict(values=ROWS), ROWS)


def test_messages_that_arrive_in_pieces_are_one(worker, folder):
    worker.loaded(folder)
    for byte in frame({"kind": "ping"}):
        worker.socket.sendall(bytes([byte]))
    assert worker.receive() == ({"kind": "pong"}, b"")


def test_shut_down_ends_it_with_status_0(worker, folder):
    worker.loaded(folder)
    worker.send({"kind": "shut_down"})
    assert worker.ended() == 0


@pytest.mark.parametrize("sent", [b"", b"\x05\x00", frame({"kind": "ping"})[:-3]], ids=["none", "length", "header"])
def test_the_end_of_the_server_ends_it_with_status_0(worker, sent):
    assert worker.hello()["kind"] == "hello"
    worker.socket.sendall(sent)
    worker.socket.close()
    assert worker.process.wait(60) == 0


@pytest.mark.parametrize(
    "broken",
    [
        struct.pack("<II", 2 << 30, 10) + b'{"kind":1}',
        struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack("<II", 3, 0),
        struct.pack("<II", 20, 17) + b"x" * 16,
        frame(b'{"kind": "ping"'),
        frame(b'{"kind": "p\xff"}'),
        frame(b'["kind"]'),
        frame(b'{"name": "ping"}'),
        frame(b""),
        frame(b"[" * 50_000),
    ],
    ids=["2 GiB", "all ones", "no room", "header longer", "cut off", "no UTF-8", "list", "no kind", "empty", "deep"],
)
def test_a_broken_frame_ends_the_connection(worker, broken):
    assert worker.hello()["kind"] == "hello"
    worker.socket.sendall(broken)
    worker.ended()


def test_a_descriptor_that_is_not_there_is_load_failed(worker, folder):
    worker.hello()
    answer = worker.ask({"kind": "load", "folder": str(folder), "descriptor": "other.json"})
    assert (answer["kind"], answer["code"]) == ("error", "load_failed")
    assert worker.ended() == 1
