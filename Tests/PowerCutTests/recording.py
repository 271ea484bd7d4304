# SPDX-License-Identifier: Apache-2.0
"""What a program did to the files of a folder, as `recorder.c` wrote it down, and what a disk may hold of it.

After the power was cut, a disk holds what was synced: the bytes of a file since `fsync` of that file, the names in a folder
since `fsync` of that folder, and of what came later anything or nothing. So `Disk` keeps two states of everything: as it
looks to the program, and as it is on disk for sure.
"""

import os
import random
import struct
from dataclasses import dataclass, field

HEAD = struct.Struct("<IBqqqH")
SECTOR = 512
# How what was not synced is treated.
LOST, NAMES_ONLY, SOME = "lost", "names only", "some"


@dataclass(eq=False)
class File:
    live: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    # (number of the record, offset, bytes); bytes are None for a new length.
    pending: list = field(default_factory=list)
    # SQLite writes into one through memory, where nobody sees it.
    is_mapped: bool = False


@dataclass(eq=False)
class Link:
    target: str


@dataclass(eq=False)
class Change:
    """A name that was given or taken in one folder; of a file that moved, both know each other."""

    number: int
    name: str
    node: object
    # Of a name that is gone because the file has another one elsewhere: that one, which is not to be lost.
    after: "Change" = None
    is_durable: bool = False


@dataclass(eq=False)
class Folder:
    live: dict = field(default_factory=dict)
    durable: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)


def apply(content, offset, data):
    if data is None:
        if offset < len(content):
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
    else:
        if offset > len(content):
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data


def records(path, start=0):
    """(position behind it, kind, a, b, c, name, bytes) of each record; the last one may be half written."""
    with open(path, "rb") as log:
        log.seek(start)
        position = start
        while len(head := log.read(HEAD.size)) == HEAD.size:
            length, kind, a, b, c, name_length = HEAD.unpack(head)
            rest = log.read(length + 4 - HEAD.size)
            if len(rest) < length + 4 - HEAD.size:
                return
            position += length + 4
            yield position, chr(kind), a, b, c, rest[:name_length].decode(), rest[name_length:]


class Disk:
    """The folder `root`, which was empty when the recording began."""

    def __init__(self, root):
        self.root = Folder()
        self.nodes = {os.stat(root).st_ino: self.root}
        self.number = 0
        self.syncs = {}

    def replay(self, record):
        _, kind, a, b, c, name, data = record
        self.number += 1
        if kind == "C":
            self._name(b, name, self._new(a, File()))
        elif kind == "D":
            self._name(b, name, self._new(a, Folder()))
        elif kind == "Y":
            self._name(b, name, self._new(a, Link(data.decode())))
        elif kind == "L":
            self._name(b, name, self.nodes[a])
        elif kind == "U":
            self._name(b, name, None)
        elif kind == "R":
            self._move(a, b, data.decode(), c, name)
        elif kind in "WT":
            if isinstance(file := self.nodes.get(a), File):
                change = (self.number, b, data if kind == "W" else None)
                apply(file.live, *change[1:])
                file.pending.append(change)
        elif kind == "M":
            self.nodes[a].is_mapped = True
        elif kind in "Bb":
            self.syncs[b] = self.number
        elif kind == "E":
            self._sync(self.nodes.get(a), self.syncs.pop(b))
        elif kind == "e":
            begun = self.syncs.pop(b)
            for node in list(self.nodes.values()):
                self._sync(node, begun)
        else:
            raise AssertionError(f"no such record: {kind}")

    def _new(self, inode, node):
        self.nodes[inode] = node
        return node

    def _name(self, folder, name, node, after=None):
        folder = self.nodes[folder]
        if node is None:
            del folder.live[name]
        else:
            folder.live[name] = node
        change = Change(self.number, name, node, after)
        folder.pending.append(change)
        return change

    def _move(self, inode, old_folder, old, new_folder, new):
        node = self.nodes[old_folder].live[old]
        assert node is self.nodes[inode]
        given = self._name(new_folder, new, node)
        self._name(old_folder, old, None, after=given)

    def _sync(self, node, begun):
        if isinstance(node, File):
            for number, offset, data in node.pending:
                if number <= begun:
                    apply(node.durable, offset, data)
            node.pending = [change for change in node.pending if change[0] > begun]
        elif isinstance(node, Folder):
            rest = []
            for change in node.pending:
                if change.number > begun or (change.after and not change.after.is_durable):
                    rest.append(change)
                    continue
                change.is_durable = True
                self._give(node.durable, change)
            node.pending = rest

    @staticmethod
    def _give(names, change):
        if change.node is None:
            names.pop(change.name, None)
        else:
            names[change.name] = change.node

    # What there is

    def write(self, target, treatment, seed=0):
        """Makes at `target` a folder that the disk may hold now."""
        chance = random.Random(seed)
        given = set()
        kept = {}
        if treatment != LOST:
            # Names are journaled in the order in which they were given: of each folder a beginning is there.
            folders = [node for node in self.nodes.values() if isinstance(node, Folder)]
            for folder in folders:
                count = len(folder.pending) if treatment == NAMES_ONLY else chance.randint(0, len(folder.pending))
                kept[folder] = folder.pending[:count]
                given.update(map(id, kept[folder]))
        target.mkdir()
        self._write(self.root, target, kept, given, treatment, chance)

    def _write(self, folder, target, kept, given, treatment, chance):
        names = dict(folder.durable)
        for change in kept.get(folder, []):
            # Nobody loses a file by moving it.
            if not change.after or change.after.is_durable or id(change.after) in given:
                self._give(names, change)
        for name, node in names.items():
            path = target / name
            if isinstance(node, Folder):
                path.mkdir(mode=0o700)
                self._write(node, path, kept, given, treatment, chance)
            elif isinstance(node, Link):
                path.symlink_to(node.target)
            else:
                path.write_bytes(self._content(node, treatment, chance))
                path.chmod(0o600)

    @staticmethod
    def _content(file, treatment, chance):
        if treatment != SOME or not file.pending:
            return bytes(file.durable)
        content = bytearray(file.durable)
        for _, offset, data in file.pending:
            fate = chance.random()
            if fate < 0.4:
                apply(content, offset, data)
            elif fate < 0.6 and data and len(data) > SECTOR:
                # Torn: a disk writes sectors.
                apply(content, offset, data[: chance.randrange(len(data) // SECTOR + 1) * SECTOR])
        return bytes(content)

    def differences(self, root, but=()):
        """Where the recording and the folder itself differ: it has to have seen everything."""
        found = []

        def compare(folder, path):
            names = {name for name in os.listdir(path) if name not in but}
            live = {name for name in folder.live if name not in but}
            found.extend(f"{path}/{name}" for name in names ^ live)
            for name in names & live:
                node, there = folder.live[name], os.path.join(path, name)
                if isinstance(node, Folder):
                    compare(node, there)
                elif isinstance(node, Link):
                    if os.readlink(there) != node.target:
                        found.append(there)
                elif not node.is_mapped:
                    with open(there, "rb") as content:
                        if content.read() != bytes(node.live):
                            found.append(there)

        compare(self.root, str(root))
        return found
