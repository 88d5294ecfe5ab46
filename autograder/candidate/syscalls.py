"""The system calls that a candidate may make: what Python, PyTorch and drawing need.

Written as what is allowed. Everything else is refused: new processes and programs, sockets, tracing, mounting, keys,
io_uring, memfd, other processes' memory, and whatever a later kernel brings. An argument that is a pointer cannot be
examined here, so calls that are dangerous by such an argument are not allowed at all.
"""

from __future__ import annotations

import errno
import fcntl
import os

from pyseccomp import ALLOW, EQ, ERRNO, MASKED_EQ, Arg, Attr, SyscallFilter

FILES = """
    access chdir close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fchdir fdatasync flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 getxattr
    lgetxattr link linkat lseek lstat mkdir mkdirat newfstatat open openat pipe pipe2 pread64 preadv preadv2 pwrite64
    pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile stat statfs statx
    symlink symlinkat sync_file_range truncate umask unlink unlinkat write writev
"""
MEMORY = "brk madvise mincore mmap mprotect mremap msync munmap get_mempolicy"
TIME = """
    alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time times
    timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime
"""
WAITING = """
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 futex futex_waitv poll
    ppoll pselect6 select
"""
ITSELF = """
    arch_prctl capget exit exit_group getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresuid getrlimit getrusage get_robust_list getsid gettid getuid membarrier pause
    restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min sched_yield
    set_robust_list set_tid_address sigaltstack sysinfo uname wait4 waitid
"""
# Landlock does not guard a file's mode and times, not even those of files that can only be read. These do nothing and
# say that they have: copying a file, which ends with them, works.
IN_NAME_ONLY = "chmod fchmod fchmodat fchmodat2 utime utimensat utimes futimesat"
# "Not known here" makes the C library take another call, which can be examined or counted: `clone`, whose flags do not
# lie in memory, and `write`, which shows in what the process has written.
NOT_HERE = {"clone3": errno.ENOSYS, "fallocate": errno.EOPNOTSUPP}
CLONE_THREAD = 0x00010000
# prctl's options that only name things: a thread, a mapping.
PR_SET_NAME, PR_GET_NAME, PR_SET_VMA = 15, 16, 0x53564D41
# fcntl's commands: copies, flags and locks. Not the length of a pipe (a megabyte each of the kernel's memory), nor
# who gets a signal when something comes.
FILE_CONTROL = (
    fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL, fcntl.F_GETLK,
    fcntl.F_SETLK, fcntl.F_SETLKW, fcntl.F_OFD_GETLK, fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW,
)  # fmt: skip
LOW_HALF = 0xFFFFFFFF
# Asked for by ioctl on files: the terminal's size and kind (there is none), whether a descriptor is inherited.
TCGETS, TIOCGWINSZ, FIOCLEX, FIONCLEX, FIONREAD = 0x5401, 0x5413, 0x5451, 0x5450, 0x541B


def allow_only() -> None:
    """Put the filter in force in this process, for good."""
    guard = SyscallFilter(ERRNO(errno.EPERM))
    guard.set_attr(Attr.CTL_OPTIMIZE, 2)
    for name in " ".join((FILES, MEMORY, TIME, WAITING, ITSELF)).split():
        _allow(guard, name)
    for name in IN_NAME_ONLY.split():
        _allow(guard, name, action=ERRNO(0))
    _allow(guard, "clone", Arg(0, MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    for name, error in NOT_HERE.items():
        _allow(guard, name, action=ERRNO(error))
    for command in FILE_CONTROL:
        _allow(guard, "fcntl", Arg(1, MASKED_EQ, LOW_HALF, command))
    for option in (PR_SET_NAME, PR_GET_NAME, PR_SET_VMA):
        _allow(guard, "prctl", Arg(0, EQ, option))
    for request in (TCGETS, TIOCGWINSZ, FIOCLEX, FIONCLEX, FIONREAD):
        _allow(guard, "ioctl", Arg(1, EQ, request))
    _allow(guard, "prlimit64", Arg(0, EQ, 0), Arg(2, EQ, 0))  # its own limits, to be read
    for name in ("kill", "tgkill"):  # signals to itself, as `abort` and threads send them
        _allow(guard, name, Arg(0, EQ, os.getpid()))
    guard.load()


def _allow(guard: SyscallFilter, name: str, *arguments: Arg, action: int = ALLOW) -> None:
    """Allow a call; one that this machine's kind of processor does not have is left out."""
    try:
        guard.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in (errno.EFAULT, errno.EINVAL, errno.EDOM, errno.EOPNOTSUPP):
            raise
