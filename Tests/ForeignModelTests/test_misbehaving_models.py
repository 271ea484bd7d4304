# SPDX-License-Identifier: Apache-2.0
"""A model that raises, ends its process, hangs, lies or looks around: its own caller is told, and nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from foreign import ask, kill, log_says, workers


def row(what="nothing", value=1.5):
    return {"value": value, "what": what}


def is_well(server):
    status, answer = ask(server, "odd", row(value=3))
    return status == 200 and answer["predictions"][0]["prediction"] == 6


@pytest.mark.parametrize(
    "what, status, code, said",
    [
        ("raise", 500, "ENG-005", "RuntimeError: the model is in a bad mood"),
        ("exit", 500, "ENG-005", "SystemExit"),
        ("few", 500, "ENG-005", ""),
        ("wide", 500, "ENG-005", ""),
        ("texts", 500, "ENG-005", ""),
        ("none", 500, "ENG-005", ""),
    ],
)
def test_what_the_model_gets_wrong_is_said_and_costs_no_process(misbehaving, what, status, code, said):
    assert is_well(misbehaving)
    before = workers(misbehaving)
    got, answer = ask(misbehaving, "odd", row(what))
    assert (got, answer["code"]) == (status, code)
    assert said in answer["title"]
    assert is_well(misbehaving)
    assert set(before) <= set(workers(misbehaving))


def test_not_a_number_is_an_answer(misbehaving):
    status, answer = ask(misbehaving, "odd", row("nan"))
    assert (status, answer["predictions"][0]["prediction"]) == (200, "NaN")


@pytest.mark.parametrize("what", ["os_exit", "crash"])
def test_a_request_that_ends_two_processes_is_refused_and_kept(misbehaving, what):
    status, answer = ask(misbehaving, "odd", row(what, 123.25))
    assert (status, answer["code"]) == (500, "ENG-008")
    assert is_well(misbehaving)
    kept = [path.read_text() for path in (misbehaving.data / "workers/suspects").iterdir()]
    assert any(what in text and "123.25" in text for text in kept)
    assert log_says(misbehaving, "its inputs are kept in")


@pytest.mark.parametrize("what", ["sleep", "loop", "work_in_c"])
def test_a_call_that_nobody_waits_for_is_ended(misbehaving, what):
    """In Python it is stopped; in C its process is replaced."""
    began = time.monotonic()
    status, answer = ask(misbehaving, "odd", row(what), deadline="400ms")
    assert (status, answer["code"]) == (504, "SRV-003")
    assert time.monotonic() - began < 10
    assert is_well(misbehaving)


@pytest.mark.parametrize("what", ["print", "flood"])
def test_what_is_printed_spoils_no_answer(misbehaving, what):
    status, answer = ask(misbehaving, "odd", row(what))
    assert (status, answer["predictions"][0]["prediction"]) == (200, 3)
    assert log_says(misbehaving, "printed to standard output" if what == "print" else "the others are dropped")


def test_a_model_that_takes_all_memory_harms_nobody(misbehaving):
    status, answer = ask(misbehaving, "odd", row("hoard"), deadline="60s")
    assert status in (500, 504), answer
    assert is_well(misbehaving)
    assert misbehaving.resident_bytes() < 1 << 30


def test_slow_calls_of_one_caller_do_not_stop_the_others(misbehaving):
    with ThreadPoolExecutor(20) as pool:
        slow = [pool.submit(ask, misbehaving, "odd", row("slow")) for _ in range(2)]
        quick = [pool.submit(ask, misbehaving, "odd", row(value=4)) for _ in range(18)]
        assert all(answer.result()[0] == 200 for answer in slow + quick)


def test_what_waits_survives_the_end_of_its_process(misbehaving):
    """Processes are killed while 200 requests are on their way; each gets its answer."""
    assert is_well(misbehaving)
    with ThreadPoolExecutor(32) as pool:
        answers = [pool.submit(ask, misbehaving, "odd", row(value=index)) for index in range(200)]
        for _ in range(3):
            time.sleep(0.2)
            for process in workers(misbehaving)[:1]:
                kill(process)
        results = [answer.result() for answer in answers]
    assert [status for status, _ in results] == [200] * 200
    assert [answer["predictions"][0]["prediction"] for _, answer in results] == [2 * i for i in range(200)]


# What a model may see: more in test_from_inside.py.


def test_the_environment_of_the_server_is_not_there(misbehaving):
    assert "hunter2" in misbehaving.environment.values()
    status, answer = ask(misbehaving, "odd", row("environment"))
    assert (status, answer["predictions"][0]["prediction"]) == (200, 0)
