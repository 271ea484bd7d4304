# SPDX-License-Identifier: Apache-2.0
"""A place where files cannot be locked, or only seem to be: what uses the same contents would get in its own way there."""

import shutil
import subprocess

import pytest
from program import clean_environment, slipway

# flock as such a file system answers it, below `contents` alone.
SOURCE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int flock(int file, int operation) {
    char link[64], path[PATH_MAX] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (readlink(link, path, sizeof path - 1) < 0 || !strstr(path, "/contents/"))
        return (int)syscall(SYS_flock, file, operation);
    errno = atoi(getenv("FLOCK_ERROR"));
    return errno ? -1 : 0;
}
"""


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locks")
    (folder / "locks.c").write_text(SOURCE)
    compiler = next(filter(None, map(shutil.which, ["cc", "clang", "gcc"])), None)
    assert compiler, "there is no C compiler: `scripts/setup.sh build` installs one"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "locks.so", folder / "locks.c"], check=True)
    return folder / "locks.so"


# ENOLCK, EOPNOTSUPP, and yes to everybody.
@pytest.mark.parametrize("error", [37, 95, 0])
def test_a_place_without_locks_is_refused(layer, tmp_path, error):
    environment = clean_environment(tmp_path) | {"LD_PRELOAD": str(layer), "FLOCK_ERROR": str(error)}
    done = slipway("serve", "--port", "0", environment=environment, code=7)
    assert "cannot be locked" in done.stderr and "SYS-002" in done.stderr
