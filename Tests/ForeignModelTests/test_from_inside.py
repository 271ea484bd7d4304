# SPDX-License-Identifier: Apache-2.0
"""What the code of a served model finds when it looks around the machine."""

import os
import socket
import sys

import pytest
from foreign import ask


def finds(server, code):
    """What the code leaves in `found`, as the model says it."""
    status, answer = ask(server, "obedient", {"value": 1, "what": f"#run\nfound = []\n{code}\nraise ValueError(found)"})
    assert (status, answer["code"]) == (500, "ENG-005")
    return answer["title"].partition("ValueError: ")[2].removesuffix(".")


def test_of_the_data_folder_there_is_its_own_bundle_and_nothing_else(lasting):
    others = lasting.data / "contents" / "bundles" / "another"
    others.mkdir()
    (others / "model.onnx").write_bytes(b"another's")
    found = finds(lasting, f"""
import os
for folder, _, files in os.walk({str(lasting.data)!r}):
    found += [os.path.join(folder, file) for file in files if os.sep + 'python' + os.sep not in folder]""")
    bundles = [bundle for bundle in others.parent.iterdir() if bundle != others]
    assert len(bundles) == 1
    assert {path for path in eval(found)} == {str(path) for path in bundles[0].rglob("*") if path.is_file()}


def test_files_outside_cannot_be_read(lasting, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    secret.chmod(0o644)
    paths = [secret, lasting.data / "token", lasting.data / "registry.sqlite", "/etc/shadow", "/etc/passwd",
             os.path.expanduser("~/.ssh"), os.path.expanduser("~/.bashrc"), f"/proc/{lasting.pid}/environ", f"/proc/{lasting.pid}/root/etc/shadow",
             "/proc/1/environ", "/proc/1/root/etc/shadow", "/run", "/dev/sda", "/dev/mem"]
    assert finds(lasting, f"""
for path in {list(map(str, paths))!r}:
    try: found.append((path, open(path, 'rb').read(1)))
    except IsADirectoryError: found.append(path)
    except OSError: pass""") == "[]"


def test_the_servers_variables_and_descriptors_are_not_there(lasting):
    assert "hunter2" not in finds(lasting, "import os; found = dict(os.environ)")
    assert finds(lasting, """
import os
for fd in os.listdir('/proc/self/fd'):
    try: name = os.readlink('/proc/self/fd/' + fd)
    except OSError: continue
    if int(fd) > 2 and not name.startswith(('/proc', 'socket:')): found.append(name)""") == "[]"


def test_it_is_alone_and_nobody(lasting):
    assert int(finds(lasting, "import os; found = os.getuid()")) != 0 or os.geteuid() != 0
    assert finds(lasting, "found = [l for l in open('/proc/self/status') if l.startswith('CapEff')][0].split()[1]") == "0" * 16
    assert len(eval(finds(lasting, "import os; found = [p for p in os.listdir('/proc') if p.isdigit()]"))) <= 2


def test_nothing_answers_on_any_network(lasting, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
            socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
        udp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0slipway-test-{os.getpid()}")
        named.bind(str(tmp_path / "socket"))
        for listener in (abstract, named):
            listener.listen()
        for listener in (tcp, udp, abstract, named):
            listener.settimeout(0.2)
        found = finds(lasting, f"""
import socket
def tries(*kind, to):
    try:
        with socket.socket(*kind) as s:
            s.settimeout(1); s.connect(to); s.send(b'x'); found.append(to)
    except OSError: pass
tries(socket.AF_INET, socket.SOCK_STREAM, to=('127.0.0.1', {tcp.getsockname()[1]}))
tries(socket.AF_INET, socket.SOCK_STREAM, to=('127.0.0.1', {lasting.port}))
tries(socket.AF_INET, socket.SOCK_DGRAM, to=('127.0.0.1', {udp.getsockname()[1]}))
tries(socket.AF_UNIX, socket.SOCK_STREAM, to='\\0slipway-test-{os.getpid()}')
tries(socket.AF_UNIX, socket.SOCK_STREAM, to={str(tmp_path / "socket")!r})
tries(socket.AF_INET, socket.SOCK_RAW, 1, to=('127.0.0.1', 0))
tries(socket.AF_NETLINK, socket.SOCK_RAW, to=(0, 0))""")
        assert found == "[]"
        for listener in (tcp, abstract, named):
            with pytest.raises(TimeoutError):
                listener.accept()
        with pytest.raises(TimeoutError):
            udp.recv(1)


def test_no_process_outside_can_be_signalled(lasting):
    assert finds(lasting, f"""
import os
for pid in ({lasting.pid}, {os.getpid()}, {os.getppid()}):
    try: os.kill(pid, 0); found.append(pid)
    except OSError: pass""") == "[]"
    assert ask(lasting, "obedient", {"value": 1, "what": "#run\nimport os; os.kill(-1, 15)"})
    assert lasting.is_running()
    status, answer = ask(lasting, "obedient", {"value": 2, "what": "nothing"})
    assert (status, answer["predictions"][0]["prediction"]) == (200, 4)


def test_its_own_files_cannot_be_changed(lasting):
    """Neither the bundle, nor our package, nor its environment."""
    assert finds(lasting, f"""
import os, slipway, numpy
places = [{str(lasting.data / "contents" / "bundles")!r}, os.path.dirname(slipway.__file__), numpy.__path__[0],
          {os.path.dirname(sys.executable)!r}, '/usr/lib', '/etc', '/']
for place in places:
    for folder, folders, _ in os.walk(place):
        if folder.count('/') > place.count('/') + 3: folders[:] = []
        if folder.startswith(('/proc', '/dev', '/tmp', '/sys')): folders[:] = []; continue
        if os.access(folder, os.W_OK): found.append(folder)""") == "[]"


def test_it_writes_into_memory_of_limited_size_only(lasting):
    assert finds(lasting, """
import os
for line in open('/proc/self/mounts'):
    place, kind = line.split()[1:3]
    if kind not in ('tmpfs', 'proc', 'devtmpfs', 'devpts') and os.path.isdir(place) and os.access(place, os.W_OK):
        found.append(place)""") == "[]"
