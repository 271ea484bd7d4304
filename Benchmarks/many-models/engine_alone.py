# SPDX-License-Identifier: Apache-2.0
"""What a model takes in ONNX Runtime itself: a bare loop over the same library, with the settings that Slipway has.

In a process of its own, so that nothing else is in its memory.
"""
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import pathlib

POINTER, TEXT, INT, NOTHING = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, None


def kibibytes_each(library, files):
    with tempfile.TemporaryDirectory() as folder:
        for index, content in enumerate(files):
            (pathlib.Path(folder) / f"{index:06}.onnx").write_bytes(content)
        run = subprocess.run([sys.executable, __file__, library, folder], capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(run.stderr)
        return float(run.stdout)


def resident_kibibytes():
    ctypes.CDLL(None).malloc_trim(0)
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path("/proc/self/status").read_text()).group(1))


def main(library, folder):
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    base = ctypes.CDLL(library).OrtGetApiBase
    base.restype = POINTER
    get = ctypes.cast(base(), ctypes.POINTER(POINTER))[0]
    api = ctypes.cast(ctypes.CFUNCTYPE(POINTER, ctypes.c_uint32)(get)(18), ctypes.POINTER(POINTER))

    def call(slot, kinds, *arguments):
        status = ctypes.CFUNCTYPE(POINTER, *kinds)(api[slot])(*arguments)
        if status:
            sys.exit(ctypes.CFUNCTYPE(TEXT, POINTER)(api[2])(status).decode())

    environment, sessions = POINTER(), []
    call(3, [INT, TEXT, POINTER], 3, b"alone", ctypes.byref(environment))

    def open_session(path):
        options, session = POINTER(), POINTER()
        call(10, [POINTER], ctypes.byref(options))
        for slot, value in ((24, 1), (25, 1), (13, 0), (23, 99)):
            call(slot, [POINTER, INT], options, value)
        call(19, [POINTER], options)
        call(7, [POINTER, TEXT, POINTER, POINTER], environment, str(path).encode(), options, ctypes.byref(session))
        ctypes.CFUNCTYPE(NOTHING, POINTER)(api[100])(options)
        sessions.append(session)

    paths = sorted(pathlib.Path(folder).iterdir())
    # The first ones pay for what the library keeps for all of them.
    for path in paths[:10]:
        open_session(path)
    before = resident_kibibytes()
    for path in paths[10:]:
        open_session(path)
    print((resident_kibibytes() - before) / (len(paths) - 10))


if __name__ == "__main__":
    main(*sys.argv[1:])
