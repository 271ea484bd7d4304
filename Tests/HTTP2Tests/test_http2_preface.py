# SPDX-License-Identifier: Apache-2.0
"""How a connection begins: RFC 7540, 3.5; RFC 9113, 3.4."""

import socket

import pytest
from http2_wire import (
    ACK,
    PREFACE,
    PROTOCOL_ERROR,
    SETTINGS,
    data,
    frame,
    goaway,
    headers,
    ping,
    settings,
    window_update,
)


def test_3_5_1_the_servers_preface_is_its_settings(target):
    """That they come first is in http2_wire: another first frame fails every test."""
    with target.connect() as connection:
        assert connection.wait(lambda: connection.frames[SETTINGS]), str(connection)


@pytest.mark.parametrize(
    "preface",
    [
        b"INVALID CONNECTION PREFACE\r\n\r\n",
        PREFACE[:-8] + b"XX\r\n\r\n" + settings(),
        PREFACE[:18] + b"Y" * 6 + settings(),
        PREFACE.lower() + settings(),
        PREFACE.replace(b"\r\n", b"\n") + settings(),
        PREFACE.replace(b"2.0", b"2.1") + settings(),
        b"\x00" + PREFACE + settings(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),
    ],
)
def test_3_5_2_another_preface_ends_the_connection(target, preface):
    with socket.create_connection(target.address, 10) as connection:
        connection.sendall(preface)
        came = b""
        try:
            while part := connection.recv(1 << 16):
                came += part
        except ConnectionResetError:
            pass
        # Where HTTP/1.1 is spoken as well, it may be a bad request of that.
        assert b" 200 " not in came


@pytest.mark.parametrize(
    "first",
    [
        ping(),
        window_update(0, 1),
        headers(1, [(":method", "GET")]),
        goaway(),
        frame(SETTINGS, ACK),
        frame(0x16),
        data(1),
    ],
    ids=["PING", "WINDOW_UPDATE", "HEADERS", "GOAWAY", "SETTINGS ACK", "unknown", "DATA"],
)
def test_3_5_3_the_clients_first_frame_is_its_settings(target, first):
    """3.4 of RFC 9113: an invalid preface is an error of the connection."""
    with target.connect(preface=None) as connection:
        connection.send(PREFACE, first)
        assert connection.ends(), str(connection)
        assert connection.goaway_code in (None, PROTOCOL_ERROR)


@pytest.mark.parametrize("size", [1, 3, 23])
def test_3_5_4_the_preface_comes_in_pieces(target, size):
    with target.connect(preface=None) as connection:
        whole = PREFACE + settings() + target.request(1)
        for start in range(0, 200, size):
            connection.send(whole[start : start + size])
        connection.send(whole[start + size :])
        assert target.is_right(connection.answer(1)), str(connection)


def test_3_5_5_everything_may_come_at_once(target):
    """Before the server's settings are known."""
    with target.connect(preface=None) as connection:
        connection.send(PREFACE, settings(), *(target.request(stream) for stream in range(1, 41, 2)))
        for stream in range(1, 41, 2):
            assert target.is_right(connection.answer(stream)), str(connection)


def test_3_5_6_over_tls_with_alpn(any_target):
    with any_target.connect() as connection:
        if any_target.tls:
            assert connection.socket.selected_alpn_protocol() == "h2"
        any_target.assert_serves(connection, 1)
