# SPDX-License-Identifier: Apache-2.0
"""What a hostile model would try. Runs in the sandbox: `inside_attacks.py NAME FACTS`; prints what it got hold of.

Every attack is a function that gives a list of what succeeded: an empty one when the sandbox holds.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "x86_64": {
        "ptrace": 101, "process_vm_readv": 310, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
        "setns": 308, "unshare": 272, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248,
        "request_key": 249, "init_module": 175, "delete_module": 176, "kexec_load": 246, "reboot": 169,
        "swapon": 167, "settimeofday": 164, "clock_settime": 227, "userfaultfd": 323, "io_uring_setup": 425,
        "open_by_handle_at": 304, "name_to_handle_at": 303, "personality": 135, "quotactl": 179, "acct": 163,
        "syslog": 103, "iopl": 172, "memfd_create": 319, "shmget": 29, "open_tree": 428, "fsopen": 430,
        "mount_setattr": 442, "pidfd_getfd": 438, "clone3": 435, "clone": 56, "x32 getpid": 0x4000_0027,
        "a call of the future": 600,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
        "setns": 268, "unshare": 97, "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217,
        "request_key": 218, "init_module": 105, "delete_module": 106, "kexec_load": 104, "reboot": 142,
        "swapon": 224, "settimeofday": 170, "clock_settime": 112, "userfaultfd": 282, "io_uring_setup": 425,
        "open_by_handle_at": 265, "name_to_handle_at": 264, "personality": 92, "quotactl": 60, "acct": 89,
        "syslog": 116, "memfd_create": 279, "shmget": 194, "open_tree": 428, "fsopen": 430,
        "mount_setattr": 442, "pidfd_getfd": 438, "clone3": 435, "clone": 220, "a call of the future": 600,
    },
}[os.uname().machine]  # fmt: skip
NEW_USER_NAMESPACE = 0x1000_0000


def succeeds(action) -> bool:
    try:
        action()
    except (OSError, MemoryError, ValueError, subprocess.SubprocessError):
        return False
    return True


def reads(facts):
    bundle = Path(facts["bundle"])
    places = [
        facts["token"], f"/proc/self/root{facts['token']}", f"/proc/1/root{facts['token']}",
        str(bundle / ".." / "token"), f"/proc/{facts['victim']}/environ", f"/proc/{facts['victim']}/mem",
        "/etc/shadow", "/etc/passwd", "/etc/hostname", "/etc/machine-id", "/proc/1/environ", "/proc/1/mem",
        "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/sys/kernel/debug",
    ]  # fmt: skip
    found = [place for place in places if succeeds(lambda place=place: first_byte(place))]
    folders = ["/root", "/home", "/var", "/run", "/mnt", "/opt", "/srv", "/boot", "/sys/fs/cgroup", facts["folder"]]
    return found + [name for name in folders if succeeds(lambda name=name: holds_more_than_bundle(name, bundle))]


def first_byte(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not os.read(descriptor, 1):
        raise OSError(f"{path} is empty")


def holds_more_than_bundle(folder, bundle):
    """Folders on the way to what was given are there, and hold nothing else."""
    given = [bundle, Path(sys.executable), Path("/opt/swift"), Path(__file__), *mapped_files()]
    for entry in os.scandir(folder):
        if not any(Path(entry.path) in [path, *path.parents] for path in given):
            return
    raise PermissionError


def mapped_files():
    """The program that starts this one is part of the view: at its place, which may lie anywhere."""
    return [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]


def writes(facts):
    bundle = Path(facts["bundle"])
    new = [
        bundle / "new", Path(facts["folder"]) / "new", Path("/new"), Path("/usr/new"), Path("/etc/new"),
        Path("/dev/new"), Path("/proc/new"), Path("/sys/new"), Path("/usr/local/new"), Path(facts["token"]),
        bundle / "model.bin", Path("/proc/sys/kernel/core_pattern"), Path("/proc/sysrq-trigger"),
    ]  # fmt: skip
    found = [str(path) for path in new if succeeds(lambda path=path: path.write_text("x"))]
    model = bundle / "model.bin"
    changes = {
        "chmod": lambda: model.chmod(0o777),
        "unlink": lambda: model.unlink(),
        "rename": lambda: model.rename(bundle / "other"),
        "link": lambda: os.link(model, bundle / "linked"),
        "truncate": lambda: os.truncate(model, 0),
        "utime": lambda: os.utime(model),
        "mkdir": lambda: (bundle / "folder").mkdir(),
        "xattr": lambda: os.setxattr(model, "user.x", b"x"),
        "device": lambda: os.mknod("/tmp/device", 0o060666, os.makedev(254, 0)),
        "remount": lambda: subprocess.run(["/bin/mount", "-o", "remount,rw", str(bundle)], check=True),
    }
    return found + [name for name, change in changes.items() if succeeds(change)]


def connects(facts):
    def tcp():
        socket.create_connection(("127.0.0.1", facts["port"]), timeout=5)

    def local(name):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)

    ways = {
        "tcp": tcp,
        "tcp6": lambda: socket.create_connection(("::1", facts["port"]), timeout=5),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53)),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
        "alg": lambda: socket.socket(38, socket.SOCK_SEQPACKET),
        "abstract": lambda: local(facts["abstract"]),
        "path": lambda: local(f"{facts['folder']}/server.sock"),
        "docker": lambda: local("/var/run/docker.sock"),
        "dbus": lambda: local("/run/dbus/system_bus_socket"),
        "name": lambda: socket.getaddrinfo("localhost.localdomain.example", 80, proto=socket.IPPROTO_TCP)[0][4],
    }
    return [name for name, way in ways.items() if succeeds(way)]


def processes(facts):
    victim = facts["victim"]
    ways = {
        "signal": lambda: os.kill(victim, 0),
        "signal to a thread": lambda: tkill(victim),
        "signal of a descriptor": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, victim),
        "signal by descriptor": lambda: signal.pidfd_send_signal(os.pidfd_open(victim), 0),
        "signal to the parent": lambda: os.kill(os.getppid(), 0) if os.getppid() > 1 else 1 / 0,
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, victim, 19),
        "limits": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE),
        "listing": lambda: os.scandir(f"/proc/{victim}"),
        "descriptors of the first": lambda: os.listdir("/proc/1/fd"),
        "memory of the first": lambda: open("/proc/1/mem", "r+b"),
        "raising a limit": lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40)),
        "other processors": lambda: os.sched_setaffinity(0, range(os.cpu_count() or 1)),
        "a better priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
    }

    def is_held(way):
        try:
            return not succeeds(way)
        except ZeroDivisionError:
            return True

    return [name for name, way in ways.items() if not is_held(way)]


def tkill(process):
    if LIBC.syscall({"x86_64": 200, "aarch64": 130}[os.uname().machine], process, 0) != 0:
        raise OSError(ctypes.get_errno(), "tkill")


def environment(facts):
    expected = {"TMPDIR", "HOME", "GIVEN"}
    # Python sets this one itself, where no locale is.
    found = [name for name in os.environ if name not in expected | {"LC_CTYPE"}]
    return found + [f"descriptor {name}" for name in os.listdir("/proc/self/fd") if int(name) > 3]


def system_calls(facts):
    def errno_of(number, *arguments):
        ctypes.set_errno(0)
        result = LIBC.syscall(ctypes.c_long(number), *[ctypes.c_long(argument) for argument in arguments])
        return ctypes.get_errno() if result == -1 else 0

    found = []
    for name, number in CALLS.items():
        # Arguments that would fail on their own with another error, where they would be looked at.
        arguments = (NEW_USER_NAMESPACE | 17, 0, 0, 0, 0) if name == "clone" else (-1, 0, 0, 0, 0)
        if errno_of(number, *arguments) not in [errno.EPERM, errno.ENOSYS]:
            found.append(f"{name}: {errno.errorcode.get(ctypes.get_errno(), 'done')}")
    return found


def thirty_two_bits(facts):
    """getpid as 32-bit programs call it, past a filter that looks at the numbers of 64-bit calls only."""
    rights = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    memory = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, rights)
    memory.write(bytes.fromhex("b814000000cd80c3"))
    place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return [f"process {ctypes.CFUNCTYPE(ctypes.c_int)(place)()}"]


def terminal(facts):
    import pty

    if not succeeds(pty.openpty):
        return []
    _, end = pty.openpty()
    return [name for name, code in {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C}.items()
            if succeeds(lambda code=code: fcntl.ioctl(end, code, b"x"))]  # fmt: skip


def rights(facts):
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    found = [name for name in ["CapEff", "CapPrm", "CapInh", "CapAmb"] if int(status[name], 16)]
    if status["NoNewPrivs"].strip() != "1":
        found.append("new privileges")
    if os.geteuid() == 0 or os.getuid() == 0:
        found.append("root")
    found += [name for name, become in {"setuid": os.setuid, "setgid": os.setgid}.items()
              if succeeds(lambda become=become: become(0))]  # fmt: skip
    # Put there by the test, owned by root where the test could do that.
    raised = Path(facts["bundle"]) / "raised"
    if raised.exists():
        try:
            said = subprocess.run([raised, "-c", "import os; print(os.geteuid())"], capture_output=True, text=True)
        except OSError:
            return found
        if said.stdout.strip() == "0":
            found.append("a program with the set-user-id bit")
    return found


def fork_bomb(facts):
    """All that can be started at once; the children do nothing, and go with their parent."""
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    count = 0
    while count < 500:
        try:
            child = os.fork()
        except OSError:
            break
        if child == 0:
            time.sleep(60)
            os._exit(0)
        count += 1
    return [] if count < 500 and count <= facts["tasks"] else [f"{count} processes, limit {limit}"]


def thread_bomb(facts):
    stop = threading.Event()
    count = 0
    threading.stack_size(64 << 10)
    while count < 4000:
        try:
            threading.Thread(target=stop.wait, daemon=True).start()
        except RuntimeError:
            break
        count += 1
    stop.set()
    return [] if count <= facts["most_threads"] else [f"{count} threads"]


def memory_bombs(facts):
    size = facts["memory"] + 1

    def touch(memory):
        for place in range(0, len(memory), 4096):
            memory[place] = 1

    def grow():
        pieces = []
        while len(pieces) << 24 < size:
            pieces.append(bytearray(1 << 24))

    ways = {
        "private": lambda: touch(bytearray(size)),
        "piece by piece": grow,
        "shared": lambda: touch(mmap.mmap(-1, size)),
        "a file in memory": lambda: os.memfd_create("x"),
        "shared by System V": lambda: LIBC.shmget(0, ctypes.c_size_t(size), 0o1600) >= 0 or 1 // 0,
        "a mapping made writable": lambda: made_writable(size),
    }
    found = []
    for name, way in ways.items():
        try:
            if succeeds(way):
                found.append(name)
        except ZeroDivisionError:
            pass
    return found


def memory_of_many(facts):
    """Each has less than the limit, and all together have more. What is printed is what they got away with."""
    share = facts["memory"] // 2
    print("[]", flush=True)
    for _ in range(6):
        if os.fork() == 0:
            held = bytearray(share)
            for place in range(0, share, 4096):
                held[place] = 1
            time.sleep(60)
            os._exit(0)
    time.sleep(30)
    return ["memory of many"]


def made_writable(size):
    """Reserved first, which costs nothing, and then changed."""
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    place = LIBC.mmap(None, size, 0, 0x22, -1, 0)
    if place == ctypes.c_void_p(-1).value or LIBC.mprotect(place, size, 3) != 0:
        raise MemoryError


def disk_fill(facts):
    """How much can be written in all, and into one file."""

    def filled(folder, files):
        total, piece = 0, bytes(1 << 20)
        for number in range(files):
            try:
                with open(f"{folder}/{number}", "wb", buffering=0) as file:
                    while total < 200 << 20:
                        total += file.write(piece)
            except OSError:
                continue
        return total

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folders = [os.environ["TMPDIR"], "/dev/shm"] if facts["has_namespaces"] else [os.environ["TMPDIR"]]
    most, files = (facts["temporary"], 4) if facts["has_namespaces"] else (facts["file"], 1)
    totals = {folder: filled(folder, files) for folder in folders}
    return [f"{total} bytes in {folder}" for folder, total in totals.items() if not 0 < total <= most]


if __name__ == "__main__":
    found = globals()[sys.argv[1]](json.loads(sys.argv[2]))
    print(json.dumps(found))
