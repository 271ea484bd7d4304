// SPDX-License-Identifier: Apache-2.0
//
// The filter of system calls: a small program that the kernel runs before each one. It names what is refused, because
// what Python, R and Java need cannot be listed to the end; what is newer than this file is refused as well.
#define _GNU_SOURCE
#include "slipway_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "Add the number of this machine, and look at where clone has its flags."
#endif

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

// futex_requeue, of Linux 6.7. Numbers are the same on all machines from 424 on.
#define NEWEST_KNOWN 456

static const int refused[] = {
    // Other processes.
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_pidfd_getfd, SYS_kcmp,
    // Mounts, roots and namespaces, in the old calls and the new ones.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_open_tree, SYS_move_mount,
    SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_quotactl, SYS_quotactl_fd,
    // Files past their paths.
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_fanotify_init,
    // Ways into the kernel with a long history of holes, which no model needs.
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_add_key, SYS_request_key, SYS_keyctl, SYS_vmsplice,
    // The machine.
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_acct, SYS_syslog, SYS_personality,
    SYS_sethostname, SYS_setdomainname, SYS_vhangup, SYS_lookup_dcookie, SYS_nfsservctl,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#if defined(__x86_64__)
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl,
#endif
    // Memory that no limit of the process counts.
    SYS_shmget, SYS_memfd_create, SYS_memfd_secret, SYS_mq_open, SYS_mq_unlink,
    // The processors and banks of memory it was given, and its turn at them.
    SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_setpriority,
    SYS_ioprio_set, SYS_mbind, SYS_set_mempolicy, SYS_move_pages, SYS_migrate_pages,
};

/// What Landlock has no rule for, or only in its newer versions: what an owner may do to files wherever they lie, seeing
/// what others do to them, signals that name no process, and what processes of one user share by number.
static const int refused_without_namespaces[] = {
    SYS_fchmod, SYS_fchmodat, SYS_fchmodat2, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_truncate,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    SYS_inotify_add_watch, SYS_pidfd_send_signal, SYS_tkill,
    SYS_shmat, SYS_shmctl, SYS_semget, SYS_semctl, SYS_semop, SYS_semtimedop,
    SYS_msgget, SYS_msgctl, SYS_msgsnd, SYS_msgrcv,
#if defined(__x86_64__)
    SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define LOW_HALF(index) (offsetof(struct seccomp_data, args) + (index) * sizeof(__u64))
#define NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

struct program {
    struct sock_filter steps[2 * COUNT(refused) + 2 * COUNT(refused_without_namespaces) + 128];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter step) { program->steps[program->count++] = step; }

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (__u32)offset));
}

static void answer(struct program *program, __u32 verdict) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static __u32 fails_with(int code) { return SECCOMP_RET_ERRNO | (__u32)code; }

/// What is loaded equals `value`: the verdict, else the next step.
static void if_equal(struct program *program, __u32 value, __u32 verdict) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    answer(program, verdict);
}

/// Starts the steps for one system call, which end with an answer; `end_call` fills in where the others go on.
static unsigned short begin_call(struct program *program, int call) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (__u32)call, 0, 0));
    return program->count;
}

static void end_call(struct program *program, unsigned short start) {
    answer(program, SECCOMP_RET_ALLOW);
    program->steps[start - 1].jf = (unsigned char)(program->count - start);
}

static void refuse(struct program *program, const int *calls, size_t count) {
    for (size_t i = 0; i < count; i++) if_equal(program, (__u32)calls[i], fails_with(EPERM));
}

static void check_machine(struct program *program) {
    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
    // This also refuses the calls of x32, whose numbers have a high bit.
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 0, 1));
    answer(program, fails_with(ENOSYS));
}

static void check_clone(struct program *program, int processes) {
    // Its flags lie in memory, where a filter cannot look; C libraries then use clone.
    if_equal(program, SYS_clone3, fails_with(ENOSYS));
    if (!processes) {
#if defined(__x86_64__)
        if_equal(program, SYS_fork, fails_with(EPERM));
        if_equal(program, SYS_vfork, fails_with(EPERM));
#endif
    }
    unsigned short start = begin_call(program, SYS_clone);
    load(program, LOW_HALF(0));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1));
    answer(program, fails_with(EPERM));
    if (!processes) {
        add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
        answer(program, fails_with(EPERM));
    }
    end_call(program, start);
}

static void check_sockets(struct program *program, int local_sockets) {
    unsigned short start = begin_call(program, SYS_socket);
    load(program, LOW_HALF(0));
    if (local_sockets) if_equal(program, AF_UNIX, SECCOMP_RET_ALLOW);
    answer(program, fails_with(EACCES));
    end_call(program, start);
    // A pair reaches nobody else.
    start = begin_call(program, SYS_socketpair);
    load(program, LOW_HALF(0));
    if_equal(program, AF_UNIX, SECCOMP_RET_ALLOW);
    answer(program, fails_with(EACCES));
    end_call(program, start);
}

static void check_memory(struct program *program) {
    // Memory that is shared and of no file counts as nobody's.
    unsigned short start = begin_call(program, SYS_mmap);
    load(program, LOW_HALF(3));
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, MAP_ANONYMOUS | MAP_TYPE));
    if_equal(program, MAP_ANONYMOUS | MAP_SHARED, fails_with(ENOMEM));
    if_equal(program, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, fails_with(ENOMEM));
    end_call(program, start);
}

static void check_limits(struct program *program) {
    // Its own are named by 0; those of another process of the same user are not its matter.
    unsigned short start = begin_call(program, SYS_prlimit64);
    load(program, LOW_HALF(0));
    if_equal(program, 0, SECCOMP_RET_ALLOW);
    answer(program, fails_with(EPERM));
    end_call(program, start);
}

/// Where others can be seen, signals go to the process itself. What starts here is the only process it will be.
static void check_signals(struct program *program) {
    const int signals[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo};
    for (size_t i = 0; i < COUNT(signals); i++) {
        unsigned short start = begin_call(program, signals[i]);
        load(program, LOW_HALF(0));
        if_equal(program, (__u32)getpid(), SECCOMP_RET_ALLOW);
        answer(program, fails_with(EPERM));
        end_call(program, start);
    }
    // A descriptor that is ready can be made to send one.
    unsigned short start = begin_call(program, SYS_fcntl);
    load(program, LOW_HALF(1));
    if_equal(program, F_SETOWN, fails_with(EPERM));
    if_equal(program, F_SETOWN_EX, fails_with(EPERM));
    end_call(program, start);
}

static void check_devices(struct program *program) {
    unsigned short start = begin_call(program, SYS_ioctl);
    load(program, LOW_HALF(1));
    if_equal(program, TIOCSTI, fails_with(EPERM));
    if_equal(program, 0x541C /* TIOCLINUX */, fails_with(EPERM));
    if_equal(program, FIOSETOWN, fails_with(EPERM));
    if_equal(program, SIOCSPGRP, fails_with(EPERM));
    end_call(program, start);
}

int sandbox_filter(sandbox_filter_choices choices) {
    struct program program = {.count = 0};
    check_machine(&program);
    refuse(&program, refused, COUNT(refused));
    if (!choices.namespaces) {
        refuse(&program, refused_without_namespaces, COUNT(refused_without_namespaces));
        check_signals(&program);
    }
    check_clone(&program, choices.processes);
    check_sockets(&program, choices.namespaces);
    check_memory(&program);
    check_limits(&program);
    check_devices(&program);
    answer(&program, SECCOMP_RET_ALLOW);
    struct sock_fprog whole = {program.count, program.steps};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole);
}
