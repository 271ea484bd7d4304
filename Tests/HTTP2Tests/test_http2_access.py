# SPDX-License-Identifier: Apache-2.0
"""Requests of several principals over one connection: each is answered as its own token allows."""

import json

from http2_wire import Connection, data, headers, request_fields


def test_streams_of_one_connection_are_told_apart(server):
    def token(*options):
        made = server.slipway("token", "create", "ada", "--role", "viewer", *options, "--format", "json").stdout
        return json.loads(made)["token"]

    everything, nothing = token(), token("--project", "elsewhere")

    def index(stream, token):
        """The list of endpoints, asked for from elsewhere, and not asked for to the end."""
        fields = request_fields("POST", "/v2/repository/index", ("via", "1.1 proxy"))
        return headers(stream, [*fields, ("authorization", f"Bearer {token}")], end_stream=False)

    def names(answer):
        assert answer.status == 200, str(answer)
        return {model["name"] for model in json.loads(bytes(answer.body))}

    with Connection(("127.0.0.1", server.port)) as connection:
        # Each stream begins before the other ends, either way around.
        connection.send(index(1, nothing), index(3, everything), data(1, b"{}", True), data(3, b"{}", True))
        assert names(connection.answer(1)) == set()
        assert "echo" in names(connection.answer(3))
        connection.send(index(5, everything), index(7, nothing), data(5, b"{}", True), data(7, b"{}", True))
        assert "echo" in names(connection.answer(5))
        assert names(connection.answer(7)) == set()
