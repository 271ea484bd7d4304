# SPDX-License-Identifier: Apache-2.0
"""Work that takes seconds, and which server has begun it: what a test needs to interrupt it in the middle."""

import threading

from fleet import call, endpoint, replicas, until


class Order(threading.Thread):
    """A request that may never be answered, for the server may be gone before."""

    def __init__(self, server, method, path, body):
        super().__init__(daemon=True)
        self.order, self.told = (server, method, path, body), None
        self.start()

    def run(self):
        try:
            self.told = call(*self.order)
        except OSError as error:
            self.told = (None, repr(error))


def begin_deployment(server, name):
    """Of the version that takes seconds to prove itself."""
    return Order(server, "POST", f"/v1/endpoints/{name}/deployments", {"model": name, "version": "2"})


def begin_following(servers, name):
    """Lets the alias that the endpoint follows stand for that version -> the server that has begun to follow."""
    for server in servers:
        until(lambda: endpoint(server, name)["settings"]["follow"] == "champion")
    order = Order(servers[0], "PUT", f"/v1/registry/models/{name}/aliases/champion", {"version": 2})
    by_url = {server.url: server for server in servers}

    def follower():
        found = [url for url, replica in replicas(servers[-1]).items() if "following" in replica["work"]]
        return found and by_url.get(found[0])

    return until(follower, pause=0.01), order
