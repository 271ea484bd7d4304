# SPDX-License-Identifier: Apache-2.0
"""Who sends a byte now and then is ended in the stated time, and keeps nobody else waiting.

The limits are long, so these clients begin with the first test of the folder (see conftest.py), and these come late.
"""

import pytest
from slow_streams import GIVE_UP_S, KINDS, LIMIT_S, PATIENT, SLACK_S, STALLS


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_sender_is_ended_in_time(slow_streams, kind):
    """The stream or the connection, whichever it keeps open."""
    for client in slow_streams.of_kind(kind):
        assert client.ended_after is not None, f"still there after {slow_streams.waited:.0f} s: {client.connection}"
        assert LIMIT_S - SLACK_S < client.ended_after < LIMIT_S + SLACK_S, client.ended_after
        came = client.connection.streams[client.stream]
        if came.status is not None:
            assert came.status == 408 or came.header("grpc-status") in ("4", "1", "13", "14"), str(came)


@pytest.mark.parametrize("kind", STALLS)
def test_a_reader_of_nothing_is_ended_in_time(slow_streams, kind):
    for client in slow_streams.of_kind(kind):
        assert client.ended_after is not None, f"still there after {slow_streams.waited:.0f} s: {client.connection}"
        assert client.ended_after < LIMIT_S + SLACK_S, client.ended_after


@pytest.mark.parametrize("kind", PATIENT)
def test_who_does_something_now_and_then_stays(slow_streams, kind):
    for client in slow_streams.of_kind(kind):
        assert not client.connection.has_ended and not client.connection.goaways, str(client.connection)


def test_others_are_served_meanwhile(slow_streams):
    slow_streams.join()
    assert slow_streams.error is None, repr(slow_streams.error)
    assert len(slow_streams.latencies) > GIVE_UP_S
    assert max(slow_streams.latencies) < 2


def test_slow_senders_take_little_memory(slow_streams):
    slow_streams.join()
    assert slow_streams.bytes_each < 128 << 10
