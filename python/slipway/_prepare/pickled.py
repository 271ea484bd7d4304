# SPDX-License-Identifier: Apache-2.0
"""Looks into pickles without opening them."""
from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

OPERATION_LIMIT = 500_000
COMPRESSED = {b"\x1f\x8b": "gzip", b"\x78\x01": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib", b"BZh": "bz2",
              b"\xfd7zXZ": "xz", b"]\x00\x00": "lzma", b"\x04\x22\x4d\x18": "lz4"}


def is_compressed(head: bytes) -> bool:
    return any(head.startswith(magic) for magic in COMPRESSED)


def is_pickle(head: bytes) -> bool:
    """Whether it starts as pickles do: with the protocol's number, or, of the old ones, with an opcode for objects."""
    return len(head) > 1 and (2 <= head[1] <= 5 if head[0] == 0x80 else head[0] in b"(c]}")


def names(stream) -> list[str]:
    """The `module.name` of what a pickle would import, in its order: as many as can be told before raw data starts."""
    found: list[str] = []
    texts: list[str] = []
    memo: dict[int, str] = {}
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= OPERATION_LIMIT:
                break
            name = operation.name
            if name == "GLOBAL":
                found.append(str(argument).replace(" ", "."))
            elif name == "STACK_GLOBAL" and len(texts) >= 2:
                found.append(f"{texts[-2]}.{texts[-1]}")
            elif name == "MEMOIZE" or name in ("BINPUT", "LONG_BINPUT"):
                memo[len(memo) if name == "MEMOIZE" else argument] = texts[-1] if texts else ""
            elif name in ("BINGET", "LONG_BINGET"):
                texts.append(memo.get(argument, ""))
            elif isinstance(argument, str):
                texts.append(argument)
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError):
        return found
    return found


def names_in(path: Path) -> list[str]:
    with path.open("rb") as stream:
        return names(stream)


def archive_names(path: Path) -> tuple[set[str], list[str]]:
    """What a file of `torch.save` holds: its entries without the folder, and what its pickle would import."""
    with zipfile.ZipFile(path) as archive:
        entries = {name.split("/", 1)[-1] for name in archive.namelist()}
        inner = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
        if inner is None:
            return entries, []
        with archive.open(inner) as stream:
            return entries, names(stream)
