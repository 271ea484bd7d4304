# SPDX-License-Identifier: Apache-2.0
"""Which server is asked: the one that is named, or the one that runs on the data folder of this machine."""

from __future__ import annotations

import fcntl
import json
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ServerUnreachable, SlipwayError


@dataclass(frozen=True)
class Server:
    """An address, and what is shown and trusted there."""

    url: str
    token: str | None = None
    # PEM files: certificates that are trusted beside the system's, and the one that the server of this
    # machine announced.
    authorities: str | None = None
    own_certificate: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SlipwayError(
                f"“{self.url}” is no address of a server.",
                hint="Write it as http://127.0.0.1:8080.",
                code="SYS-008",
            )

    @property
    def tls(self) -> ssl.SSLContext | None:
        """`None` for plain HTTP."""
        if urlsplit(self.url).scheme == "http":
            return None
        context = ssl.create_default_context()
        certificates = self.own_certificate or self.authorities
        if certificates:
            context.load_verify_locations(certificates)
        if self.own_certificate:
            # The certificate names the host that others reach it by, and we ask at 127.0.0.1.
            context.check_hostname = False
        return context


def find(url: str | None = None, token: str | None = None) -> Server:
    """In this order: `url`, SLIPWAY_URL, the server of the data folder. The token: `token`, SLIPWAY_TOKEN,
    the folder's.

    Raises ServerUnreachable when none is named and none runs here.
    """
    url = url or os.environ.get("SLIPWAY_URL") or None
    token = token or os.environ.get("SLIPWAY_TOKEN") or None
    authorities = os.environ.get("SLIPWAY_CA_FILE") or None
    local = _local()
    if url is not None and (local is None or local.url != url.rstrip("/")):
        return Server(url.rstrip("/"), token, authorities)
    if local is None:
        raise ServerUnreachable(
            "No server runs on this machine.",
            hint="Start one with `slipway serve`, or name another: Client(url=…) or SLIPWAY_URL.",
            code="SYS-005",
        )
    return Server(local.url, token or local.token, authorities, local.own_certificate)


def data_folder() -> Path:
    return Path(os.environ.get("SLIPWAY_DATA") or Path.home() / ".slipway").absolute()


def _local() -> Server | None:
    folder = data_folder()
    if not _is_locked(folder / "lock"):
        return None
    try:
        announced = json.loads((folder / "server.json").read_bytes())
        token = (folder / "token").read_text("utf-8").strip()
        return Server(announced["url"], token, own_certificate=announced.get("certificate"))
    except (OSError, ValueError, KeyError):
        return None


def _is_locked(path: Path) -> bool:
    """The server holds the lock for as long as it runs. Taken here for a moment, and together with others who
    look.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
