// SPDX-License-Identifier: Apache-2.0
//
// The system calls of a sandbox that Swift cannot make: those that are variadic or have no function in the C library,
// and fork. Every function that returns an int gives -1 and sets errno when it fails, unless it says otherwise.
#pragma once
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

// Processes.

/// fork(). Only for a process with one thread.
pid_t sandbox_fork(void);
/// A descriptor that becomes readable when the process ends.
int sandbox_pidfd_open(pid_t process);
/// Closes every descriptor from `first` on.
int sandbox_close_from(int first);
/// Has the kernel kill this process when the one that made it ends.
int sandbox_die_with_parent(void);
/// Makes this process the parent of those that its children leave behind.
int sandbox_adopt_orphans(void);
/// Waits until one of two descriptors can be read or a signal comes, blocked ones included. 1 when the first can be read.
int sandbox_wait(int first, int second);
/// Lets no process of the same user look into this one, until it starts another program.
int sandbox_hide(void);
/// Keeps to `count` of the processors it may use, from the `first` of these on, and round again.
int sandbox_use_processors(int count, int first);
/// New namespaces for inter-process communication, host name, cgroups, network and processes; and one for users when
/// `users` is not 0. The next child is the first process of its namespace.
int sandbox_leave_namespaces(int users);
/// A new namespace of mounts, from which nothing spreads to where it came from.
int sandbox_leave_mounts(void);

// Mounts. All are known by their descriptors, so that no path is looked up twice.

/// A copy of the mounts at `path` and below, attached to nothing yet.
int sandbox_copy_mounts(const char *path);
/// Sets nosuid on a copy, nodev when `devices` is 0, and read-only when `writable` is 0: on all of it.
int sandbox_restrict_mounts(int tree, int writable, int devices);
/// Puts a copy at `path` below `root`.
int sandbox_attach_mounts(int tree, int root, const char *path);
/// Makes the mount at the working folder read-only, and nothing that is mounted below it.
int sandbox_seal_working_folder(void);
/// Makes the working folder the root, and lets go of the old one.
int sandbox_enter_working_folder_as_root(void);

// Rights.

/// Sets no_new_privs: no program that is started may have more rights than the one that starts it.
int sandbox_refuse_new_privileges(void);
/// Gives up every capability, for itself and for all that it starts.
int sandbox_drop_capabilities(void);
/// Becomes this user and group, and a member of no other group.
int sandbox_become(uid_t user, gid_t group);

// Landlock.

/// The version of the kernel's Landlock; -1 where there is none.
int sandbox_landlock_version(void);
/// A rule set that refuses everything the kernel's version knows: files, TCP, abstract sockets, signals to others.
int sandbox_landlock_create(int version);
/// Allows reading and starting programs at `path` and below, and everything but devices when `writable` is not 0.
int sandbox_landlock_allow(int rules, int version, const char *path, int writable);
int sandbox_landlock_enter(int rules);

// The filter of system calls.

/// What a filter depends on.
typedef struct sandbox_filter_choices {
    /// Whether the process sees files and processes of its own only. Then it may have sockets by path, change the mode
    /// and owner of files, and send signals to others.
    int namespaces;
    /// Whether it may start processes beside threads.
    int processes;
} sandbox_filter_choices;

/// Sets the filter. It needs no_new_privs, and holds for everything that is started from here on.
int sandbox_filter(sandbox_filter_choices choices);

#pragma clang assume_nonnull end
