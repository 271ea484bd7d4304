# SPDX-License-Identifier: Apache-2.0
"""MLflow's uploads of large files in parts, as its client makes them."""

import requests

MPU = "/api/2.0/mlflow-artifacts/mpu"


class Upload:
    """One upload as the client makes it, step by step."""

    def __init__(self, rest, place, name="large.bin", parts=3, local="/home/ada/work/"):
        self.rest, self.place, self.name = rest, place, name
        self.fields = {"path": local + name}
        self.begun = rest.ask("POST", f"{MPU}/create/{place}", {**self.fields, "num_parts": parts})
        if self.begun.status_code == 200:
            told = self.begun.json()
            self.id, self.credentials = told["upload_id"], told["credentials"]
            self.etags = {}

    def send(self, number, content, to=None, **headers):
        """`to` is another server than the one that the client was told."""
        told = self.credentials[number - 1]
        assert told["part_number"] == number
        url = told["url"] if to is None else told["url"].replace(self.rest.url, to.url)
        answer = requests.put(url, data=content, headers={**told["headers"], **headers}, timeout=300)
        if answer.status_code == 200:
            self.etags[number] = answer.headers["ETag"]
        return answer

    def listed(self):
        return [
            {"part_number": number, "etag": etag, "url": self.credentials[number - 1]["url"]}
            for number, etag in sorted(self.etags.items())
        ]

    def complete(self, parts=None, place=None, through=None):
        fields = {**self.fields, "upload_id": self.id, "parts": self.listed() if parts is None else parts}
        return (through or self.rest).ask("POST", f"{MPU}/complete/{place or self.place}", fields)

    def abort(self, place=None, through=None):
        fields = {**self.fields, "upload_id": self.id}
        return (through or self.rest).ask("POST", f"{MPU}/abort/{place or self.place}", fields)
