// SPDX-License-Identifier: Apache-2.0
// Records what a program does to the files below one folder, in the order in which it does it. Loaded by LD_PRELOAD.
//
// RECORDER_ROOT names the folder, RECORDER_LOG the file of records. `recording.py` reads them, and makes of them what a disk
// may hold after the power was cut. A record is one write to a file that is appended to, so several processes may share it:
//
//     u32 length of what follows, u8 kind, i64 a, i64 b, i64 c, u16 length of a name, the name, bytes
//
// Files are named by their inodes: a name may change while a file is open. A change and its record are one step under one
// lock, so the order of the records is that of the changes. A sync has two records, because only what was written before it
// began is known to be on disk when it ends.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_DESCRIPTOR = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char tracked[MAX_DESCRIPTOR];
static char root[PATH_MAX];
static size_t root_length;
static int64_t root_inode = -2;
static int log_descriptor = -1;

// The next function of that name, which is the system's own.
#define NEXT(result, name, ...)                                                                                        \
    static result (*next)(__VA_ARGS__);                                                                                \
    if (!next) next = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

// A child of a process with threads would otherwise wait for a lock that nobody in it holds.
static void take(void) { pthread_mutex_lock(&lock); }
static void give(void) { pthread_mutex_unlock(&lock); }

__attribute__((constructor)) static void start(void) {
    pthread_atfork(take, give, give);
    const char *folder = getenv("RECORDER_ROOT"), *file = getenv("RECORDER_LOG");
    if (!folder || !file || !realpath(folder, root)) return;
    root_length = strlen(root);
    struct stat status;
    if (stat(root, &status) != 0) return;
    root_inode = (int64_t)status.st_ino;
    int opened = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (opened < 0) return;
    // Out of the way of programs that close what they inherit, or count on small numbers.
    log_descriptor = fcntl(opened, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, opened);
}

static void record(char kind, int64_t a, int64_t b, int64_t c, const char *name, const void *bytes, size_t count) {
    if (log_descriptor < 0) return;
    uint16_t name_length = name ? (uint16_t)strlen(name) : 0;
    uint32_t length = (uint32_t)(1 + 3 * 8 + 2 + name_length + count);
    char head[4 + 1 + 3 * 8 + 2];
    memcpy(head, &length, 4);
    head[4] = kind;
    memcpy(head + 5, &a, 8);
    memcpy(head + 13, &b, 8);
    memcpy(head + 21, &c, 8);
    memcpy(head + 29, &name_length, 2);
    struct iovec parts[3] = {
        {head, sizeof head}, {(void *)name, name_length}, {(void *)bytes, count},
    };
    if (syscall(SYS_writev, log_descriptor, parts, 3) == (long)(sizeof head + name_length + count)) return;
    // A child that has closed everything before it becomes another program records nothing.
    if (errno != EBADF) abort();
}

// Whether a path is below the root; `resolved` is then its folder's real path, and `name` its last part. The last part is
// not followed where it is a link.
static int place(int folder, const char *path, char *resolved, const char **name) {
    if (log_descriptor < 0 || !path) return 0;
    char absolute[2 * PATH_MAX];
    if (path[0] == '/') {
        snprintf(absolute, sizeof absolute, "%s", path);
    } else {
        char base[PATH_MAX];
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        snprintf(absolute, sizeof absolute, "%s/%s", base, path);
    }
    size_t length = strlen(absolute);
    while (length > 1 && absolute[length - 1] == '/') absolute[--length] = 0;
    char *slash = strrchr(absolute, '/');
    if (!slash) return 0;
    *name = path + strlen(path);
    static __thread char last[PATH_MAX];
    snprintf(last, sizeof last, "%s", slash + 1);
    *name = last;
    *slash = 0;
    if (!realpath(slash == absolute ? "/" : absolute, resolved)) return 0;
    return strncmp(resolved, root, root_length) == 0 && (resolved[root_length] == 0 || resolved[root_length] == '/');
}

static int64_t inode(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 ? (int64_t)status.st_ino : -1;
}

static int64_t inode_at(const char *folder, const char *name) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return inode(path);
}

static int64_t inode_of(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 ? (int64_t)status.st_ino : -1;
}

static int is_tracked(int descriptor) { return descriptor >= 0 && descriptor < MAX_DESCRIPTOR && tracked[descriptor]; }

static void track(int descriptor, int value) {
    if (descriptor >= 0 && descriptor < MAX_DESCRIPTOR) tracked[descriptor] = (unsigned char)value;
}

// MARK: Opening

// After an open: C for a file that was made, T for one that was emptied.
static void opened(int descriptor, int flags, const char *folder, const char *name, int was_there) {
    track(descriptor, 1);
    if (!was_there) record('C', inode_of(descriptor), inode(folder), 0, name, NULL, 0);
    else if (flags & O_TRUNC) record('T', inode_of(descriptor), 0, 0, NULL, NULL, 0);
}

static int open_recorded(int folder, const char *path, int flags, mode_t mode) {
    char resolved[PATH_MAX];
    const char *name;
    int changes = flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC);
    if (log_descriptor < 0 || !place(folder, path, resolved, &name)) {
        int descriptor = (int)syscall(SYS_openat, folder, path, flags, mode);
        // The root's own name is nobody's here, but the names in it are.
        if (descriptor >= 0) track(descriptor, inode_of(descriptor) == root_inode);
        return descriptor;
    }
    pthread_mutex_lock(&lock);
    int was_there = inode_at(resolved, name) >= 0;
    int descriptor = (int)syscall(SYS_openat, folder, path, flags, mode);
    int failure = errno;
    if (descriptor >= 0) {
        if (changes) opened(descriptor, flags, resolved, name, was_there);
        else track(descriptor, 1);
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return descriptor;
}

#define MODE_OF(flags)                                                                                                 \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_recorded(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_recorded(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_recorded(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_recorded(folder, path, flags | O_LARGEFILE, mode);
}

int creat(const char *path, mode_t mode) { return open_recorded(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

static int made_temporary(int descriptor, const char *path) {
    char resolved[PATH_MAX];
    const char *name;
    if (descriptor >= 0) {
        track(descriptor, 0);
        if (place(AT_FDCWD, path, resolved, &name)) opened(descriptor, 0, resolved, name, 0);
    }
    return descriptor;
}

int mkstemp(char *path) {
    NEXT(int, "mkstemp", char *);
    pthread_mutex_lock(&lock);
    int descriptor = made_temporary(next(path), path);
    pthread_mutex_unlock(&lock);
    return descriptor;
}

int mkostemp(char *path, int flags) {
    NEXT(int, "mkostemp", char *, int);
    pthread_mutex_lock(&lock);
    int descriptor = made_temporary(next(path, flags), path);
    pthread_mutex_unlock(&lock);
    return descriptor;
}

int close(int descriptor) {
    pthread_mutex_lock(&lock);
    track(descriptor, 0);
    pthread_mutex_unlock(&lock);
    if (descriptor == log_descriptor && descriptor >= 0) return 0;
    return (int)syscall(SYS_close, descriptor);
}

int dup(int descriptor) {
    int copy = (int)syscall(SYS_dup, descriptor);
    if (copy >= 0) track(copy, is_tracked(descriptor));
    return copy;
}

int dup2(int descriptor, int copy) {
    int made = (int)syscall(SYS_dup3, descriptor, copy, 0);
    if (made < 0 && descriptor == copy) return fcntl(descriptor, F_GETFD) < 0 ? -1 : copy;
    if (made >= 0) track(made, is_tracked(descriptor));
    return made;
}

// MARK: Contents

static int64_t position(int descriptor, ssize_t written) {
    int64_t behind = (int64_t)lseek(descriptor, 0, SEEK_CUR);
    return behind < 0 ? 0 : behind - written;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (!is_tracked(descriptor)) return syscall(SYS_write, descriptor, bytes, count);
    pthread_mutex_lock(&lock);
    ssize_t written = syscall(SYS_write, descriptor, bytes, count);
    int failure = errno;
    if (written > 0) {
        record('W', inode_of(descriptor), position(descriptor, written), 0, NULL, bytes, (size_t)written);
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return written;
}

static ssize_t pwrite_recorded(int descriptor, const void *bytes, size_t count, off_t offset) {
    if (!is_tracked(descriptor)) return syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    pthread_mutex_lock(&lock);
    ssize_t written = syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    int failure = errno;
    if (written > 0) record('W', inode_of(descriptor), offset, 0, NULL, bytes, (size_t)written);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return pwrite_recorded(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    return pwrite_recorded(descriptor, bytes, count, offset);
}

// What is written from several places is written from one after the other: a short write is as good as any.
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (!is_tracked(descriptor)) return syscall(SYS_writev, descriptor, parts, count);
    ssize_t total = 0;
    for (int part = 0; part < count; part++) {
        ssize_t written = write(descriptor, parts[part].iov_base, parts[part].iov_len);
        if (written < 0) return total > 0 ? total : written;
        total += written;
        if ((size_t)written < parts[part].iov_len) break;
    }
    return total;
}

static ssize_t pwritev_recorded(int descriptor, const struct iovec *parts, int count, off_t offset) {
    ssize_t total = 0;
    for (int part = 0; part < count; part++) {
        ssize_t written = pwrite_recorded(descriptor, parts[part].iov_base, parts[part].iov_len, offset + total);
        if (written < 0) return total > 0 ? total : written;
        total += written;
        if ((size_t)written < parts[part].iov_len) break;
    }
    return total;
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return pwritev_recorded(descriptor, parts, count, offset);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
    return pwritev_recorded(descriptor, parts, count, offset);
}

static int ftruncate_recorded(int descriptor, off_t length) {
    if (!is_tracked(descriptor)) return (int)syscall(SYS_ftruncate, descriptor, length);
    pthread_mutex_lock(&lock);
    int outcome = (int)syscall(SYS_ftruncate, descriptor, length);
    int failure = errno;
    if (outcome == 0) record('T', inode_of(descriptor), length, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int ftruncate(int descriptor, off_t length) { return ftruncate_recorded(descriptor, length); }
int ftruncate64(int descriptor, off64_t length) { return ftruncate_recorded(descriptor, length); }

// What copies inside of the system would pass by unseen: whoever asks for it is told to read and write.
static int unsupported(void) {
    errno = EXDEV;
    return -1;
}

ssize_t copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t count, unsigned flags) {
    if (is_tracked(out)) return unsupported();
    return syscall(SYS_copy_file_range, in, in_offset, out, out_offset, count, flags);
}

static ssize_t sendfile_recorded(int out, int in, off_t *offset, size_t count) {
    if (!is_tracked(out)) return syscall(SYS_sendfile, out, in, offset, count);
    char bytes[65536];
    if (count > sizeof bytes) count = sizeof bytes;
    ssize_t had = offset ? pread(in, bytes, count, *offset) : read(in, bytes, count);
    if (had <= 0) return had;
    ssize_t written = write(out, bytes, (size_t)had);
    if (written > 0 && offset) *offset += written;
    return written;
}

ssize_t sendfile(int out, int in, off_t *offset, size_t count) { return sendfile_recorded(out, in, offset, count); }
ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) { return sendfile_recorded(out, in, offset, count); }

static int fallocate_recorded(int descriptor, int mode, off_t offset, off_t length) {
    if (is_tracked(descriptor)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_fallocate, descriptor, mode, offset, length);
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    return fallocate_recorded(descriptor, mode, offset, length);
}
int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
    return fallocate_recorded(descriptor, mode, offset, length);
}

// What is written through memory is not seen. SQLite has its index of the log so, which is made anew after a crash.
static void *mmap_recorded(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    if (is_tracked(descriptor) && (protection & PROT_WRITE) && (flags & MAP_SHARED)) {
        record('M', inode_of(descriptor), 0, 0, NULL, NULL, 0);
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    return mmap_recorded(address, length, protection, flags, descriptor, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset) {
    return mmap_recorded(address, length, protection, flags, descriptor, offset);
}

// MARK: Syncing

static int sync_recorded(long call, int descriptor) {
    if (!is_tracked(descriptor)) return (int)syscall(call, descriptor);
    static int64_t numbers;
    pthread_mutex_lock(&lock);
    int64_t number = ((int64_t)getpid() << 32) | ++numbers;
    int64_t file = inode_of(descriptor);
    record('B', file, number, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    int outcome = (int)syscall(call, descriptor);
    int failure = errno;
    if (outcome == 0) {
        pthread_mutex_lock(&lock);
        record('E', file, number, 0, NULL, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = failure;
    return outcome;
}

int fsync(int descriptor) { return sync_recorded(SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return sync_recorded(SYS_fdatasync, descriptor); }

// Everything there is.
void sync(void) {
    static int64_t numbers;
    pthread_mutex_lock(&lock);
    int64_t number = ((int64_t)getpid() << 32) | ++numbers;
    record('b', 0, number, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    syscall(SYS_sync);
    pthread_mutex_lock(&lock);
    record('e', 0, number, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
}

// MARK: Names

static int rename_recorded(int old_folder, const char *old, int new_folder, const char *new, unsigned flags) {
    char from[PATH_MAX], to[PATH_MAX], old_name[PATH_MAX];
    const char *name;
    int is_from = place(old_folder, old, from, &name);
    if (is_from) snprintf(old_name, sizeof old_name, "%s", name);
    int is_to = place(new_folder, new, to, &name);
    if (!is_from && !is_to) return (int)syscall(SYS_renameat2, old_folder, old, new_folder, new, flags);
    // What comes in from elsewhere or leaves would have to be copied into the records.
    if (!is_from || !is_to) return unsupported();
    pthread_mutex_lock(&lock);
    int64_t file = inode_at(from, old_name);
    int outcome = (int)syscall(SYS_renameat2, old_folder, old, new_folder, new, flags);
    int failure = errno;
    if (outcome == 0) record('R', file, inode(from), inode(to), name, old_name, strlen(old_name));
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int rename(const char *old, const char *new) { return rename_recorded(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int old_folder, const char *old, int new_folder, const char *new) {
    return rename_recorded(old_folder, old, new_folder, new, 0);
}
int renameat2(int old_folder, const char *old, int new_folder, const char *new, unsigned flags) {
    return rename_recorded(old_folder, old, new_folder, new, flags);
}

static int link_recorded(int old_folder, const char *old, int new_folder, const char *new, int flags) {
    char to[PATH_MAX];
    const char *name;
    if (!place(new_folder, new, to, &name)) return (int)syscall(SYS_linkat, old_folder, old, new_folder, new, flags);
    pthread_mutex_lock(&lock);
    int outcome = (int)syscall(SYS_linkat, old_folder, old, new_folder, new, flags);
    int failure = errno;
    if (outcome == 0) record('L', inode_at(to, name), inode(to), 0, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int link(const char *old, const char *new) { return link_recorded(AT_FDCWD, old, AT_FDCWD, new, 0); }
int linkat(int old_folder, const char *old, int new_folder, const char *new, int flags) {
    return link_recorded(old_folder, old, new_folder, new, flags);
}

int symlinkat(const char *target, int folder, const char *path) {
    char resolved[PATH_MAX];
    const char *name;
    int is_ours = place(folder, path, resolved, &name);
    pthread_mutex_lock(&lock);
    int outcome = (int)syscall(SYS_symlinkat, target, folder, path);
    int failure = errno;
    if (outcome == 0 && is_ours) {
        record('Y', inode_at(resolved, name), inode(resolved), 0, name, target, strlen(target));
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

static int unlink_recorded(int folder, const char *path, int flags) {
    char resolved[PATH_MAX];
    const char *name;
    if (!place(folder, path, resolved, &name)) return (int)syscall(SYS_unlinkat, folder, path, flags);
    pthread_mutex_lock(&lock);
    int outcome = (int)syscall(SYS_unlinkat, folder, path, flags);
    int failure = errno;
    if (outcome == 0) record('U', 0, inode(resolved), 0, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int unlink(const char *path) { return unlink_recorded(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlink_recorded(folder, path, flags); }
int rmdir(const char *path) { return unlink_recorded(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    return unlink_recorded(AT_FDCWD, path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}

static int mkdir_recorded(int folder, const char *path, mode_t mode) {
    char resolved[PATH_MAX];
    const char *name;
    if (!place(folder, path, resolved, &name)) return (int)syscall(SYS_mkdirat, folder, path, mode);
    pthread_mutex_lock(&lock);
    int outcome = (int)syscall(SYS_mkdirat, folder, path, mode);
    int failure = errno;
    if (outcome == 0) record('D', inode_at(resolved, name), inode(resolved), 0, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return outcome;
}

int mkdir(const char *path, mode_t mode) { return mkdir_recorded(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return mkdir_recorded(folder, path, mode); }

// A temporary folder, as Foundation makes it.
char *mkdtemp(char *path) {
    NEXT(char *, "mkdtemp", char *);
    pthread_mutex_lock(&lock);
    char *made = next(path);
    char resolved[PATH_MAX];
    const char *name;
    if (made && place(AT_FDCWD, path, resolved, &name)) {
        record('D', inode_at(resolved, name), inode(resolved), 0, name, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return made;
}
