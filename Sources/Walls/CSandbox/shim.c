// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "slipway_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// MARK: Processes

pid_t sandbox_fork(void) { return fork(); }

int sandbox_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int sandbox_close_from(int first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

int sandbox_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int sandbox_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int sandbox_wait(int first, int second) {
    struct pollfd entries[] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    sigset_t none;
    sigemptyset(&none);
    return ppoll(entries, 2, NULL, &none) > 0 && entries[0].revents != 0;
}

int sandbox_hide(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int sandbox_use_processors(int count, int first) {
    cpu_set_t given, taken;
    CPU_ZERO(&taken);
    if (sched_getaffinity(0, sizeof given, &given) != 0) return -1;
    int total = CPU_COUNT(&given), position = 0;
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (!CPU_ISSET(processor, &given)) continue;
        if ((position - first % total + total) % total < count) CPU_SET(processor, &taken);
        position++;
    }
    return sched_setaffinity(0, sizeof taken, &taken);
}

int sandbox_leave_namespaces(int users) {
    int kinds = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP;
    return unshare(users ? kinds | CLONE_NEWUSER : kinds);
}

int sandbox_leave_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0) return -1;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

// MARK: Mounts

int sandbox_copy_mounts(const char *path) {
    return (int)syscall(
        SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
}

int sandbox_restrict_mounts(int tree, int writable, int devices) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID};
    if (!writable) attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (!devices) attributes.attr_set |= MOUNT_ATTR_NODEV;
    return (int)syscall(
        SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

int sandbox_attach_mounts(int tree, int root, const char *path) {
    return (int)syscall(SYS_move_mount, tree, "", root, path, MOVE_MOUNT_F_EMPTY_PATH);
}

int sandbox_seal_working_folder(void) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, ".", 0, &attributes, sizeof attributes);
}

int sandbox_enter_working_folder_as_root(void) {
    // The old root comes to lie over the new one at the same place, and is taken away from there.
    if (syscall(SYS_pivot_root, ".", ".") != 0) return -1;
    if (umount2(".", MNT_DETACH) != 0) return -1;
    return chdir("/");
}

// MARK: Rights

int sandbox_refuse_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int sandbox_drop_capabilities(void) {
    for (int capability = 0; capability < 64; capability++) {
        // EINVAL: there are no more. EPERM: without CAP_SETPCAP it stays, and no_new_privs keeps it from being had.
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) break;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

int sandbox_become(uid_t user, gid_t group) {
    if (setgroups(0, NULL) != 0) return -1;
    if (setresgid(group, group, group) != 0) return -1;
    return setresuid(user, user, user);
}

// MARK: Landlock. The numbers are the kernel's; its header may be older than it.

#define READ_FILE (1ULL << 2)
#define READ_FOLDER (1ULL << 3)
#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define REFER (1ULL << 13)     // from version 2 on
#define TRUNCATE (1ULL << 14)  // 3
#define DEVICES (1ULL << 15)   // 5
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE)

struct rule_set {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

struct rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t known_rights(int version) {
    uint64_t rights = REFER - 1;
    if (version >= 2) rights |= REFER;
    if (version >= 3) rights |= TRUNCATE;
    if (version >= 5) rights |= DEVICES;
    return rights;
}

int sandbox_landlock_version(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U); }

int sandbox_landlock_create(int version) {
    // Bind and connect from version 4 on; abstract sockets and signals from 6 on.
    struct rule_set rules = {known_rights(version), version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
    size_t size = version >= 6 ? sizeof rules : version >= 4 ? offsetof(struct rule_set, scopes) : sizeof rules.files;
    return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
}

int sandbox_landlock_allow(int rules, int version, const char *path, int writable) {
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0) return -1;
    struct stat status;
    int result = fstat(place, &status);
    if (result == 0) {
        uint64_t rights = writable ? known_rights(version) & ~DEVICES : EXECUTE | READ_FILE | READ_FOLDER;
        if (!S_ISDIR(status.st_mode)) rights &= OF_FILES;
        struct rule rule = {rights, place};
        result = (int)syscall(SYS_landlock_add_rule, rules, 1, &rule, 0);
    }
    int code = errno;
    close(place);
    errno = code;
    return result;
}

int sandbox_landlock_enter(int rules) { return (int)syscall(SYS_landlock_restrict_self, rules, 0); }
