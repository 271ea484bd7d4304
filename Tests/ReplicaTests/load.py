# SPDX-License-Identifier: Apache-2.0
"""Clients that ask one endpoint of several servers again and again, each on a connection that it keeps."""

import collections
import http.client
import json
import threading

BODY = json.dumps([{"values": [1]}])
HEADERS = {"Content-Type": "application/json"}


class Load:
    def __init__(self, servers, name, clients=2, pause=0.002):
        self.path, self.pause = f"/v1/endpoints/{name}/predict", pause
        self.over = threading.Event()
        # By the address of the server: how many answers of each status, and what failed.
        self.counts = {server.url: collections.Counter() for server in servers}
        self.factors, self.ids = collections.Counter(), []
        self.threads = [threading.Thread(target=self._ask, args=(server,)) for server in servers for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        counts, factors, ids = collections.Counter(), collections.Counter(), []
        try:
            while not self.over.wait(self.pause):
                try:
                    connection.request("POST", self.path, BODY, HEADERS)
                    answer = connection.getresponse()
                    content = json.loads(answer.read())
                except (OSError, http.client.HTTPException) as error:
                    counts[repr(error)] += 1
                    connection.close()
                    continue
                counts[answer.status] += 1
                if answer.status == 200:
                    doubled = content["predictions"][0]["doubled"]
                    factors[doubled[0] if isinstance(doubled, list) else doubled] += 1
                    ids.append(content["id"])
        finally:
            connection.close()
        self.counts[server.url].update(counts)
        self.factors.update(factors)
        self.ids += ids

    def assert_all_answered(self):
        for url, counts in self.counts.items():
            assert set(counts) == {200}, f"{url}: {counts}"
        assert len(set(self.ids)) == len(self.ids), "an id of a prediction came twice"
