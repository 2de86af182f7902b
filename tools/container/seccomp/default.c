/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile of every container that is not given another. It lets through what docker's default lets
 * through (moby/profiles, seccomp/default.json, as of 2026) and refuses the rest with EPERM:
 * among it other keys than the container's (keyctl and kin), ways into the kernel that broke
 * often (io_uring, userfaultfd), the machine's own affairs, and what nobody uses any more.
 *
 * What a list says of a call that this machine does not have is of no effect.
 */
#include "container/seccomp/seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/socket.h>

#define BIT(number) ((capability_set)1 << (number))

/* Reading, writing, asking, waiting: what programs do. */
static const char always[] =
	/* files and directories */
	"access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 "
	"faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 "
	"fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr "
	"fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat "
	"getcwd getdents getdents64 getxattr getxattrat ioctl lchown lchown32 lgetxattr link linkat "
	"listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 "
	"mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pread64 preadv "
	"preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr "
	"removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat "
	"splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range "
	"syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes "
	"vmsplice write writev "
	/* watching and waiting for files */
	"epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	"epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 "
	"inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
	"io_setup io_submit _newselect pipe pipe2 poll ppoll ppoll_time64 pselect6 pselect6_time64 "
	"select signalfd signalfd4 "
	/* memory */
	"brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock "
	"mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc "
	"pkey_free pkey_mprotect process_mrelease remap_file_pages "
	/* processes, threads and signals */
	"alarm capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 "
	"futex_wait futex_waitv futex_wake get_robust_list get_thread_area getcpu getegid getegid32 "
	"geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpgid getpgrp getpid "
	"getppid getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid "
	"gettid getuid getuid32 ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset "
	"landlock_restrict_self pause pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall "
	"riscv_hwprobe rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
	"rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max "
	"sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler "
	"sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr "
	"sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area "
	"set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 "
	"setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 "
	"setreuid setreuid32 setrlimit setsid setuid setuid32 sigaltstack sigprocmask sigreturn tgkill "
	"tkill ugetrlimit uretprobe vfork wait4 waitid waitpid "
	/* the machine and its clocks; changing those needs a privilege besides */
	"adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
	"clock_gettime64 clock_nanosleep clock_nanosleep_time64 getrandom gettimeofday nanosleep "
	"sysinfo time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	"timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
	"timerfd_settime64 times uname "
	/* sockets; the arguments of socketcall, of 32-bit machines, cannot be looked at */
	"accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg "
	"recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair "
	/* System V and POSIX messages */
	"ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	"mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	"semtimedop_time64 shmat shmctl shmdt shmget";

/* What manages the machine, its mounts and name spaces. */
static const char of_sys_admin[] =
	"bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr "
	"lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open "
	"quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare";

static const char of_sys_ptrace[] =
	"kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace";

static const char of_sys_time[] = "settimeofday stime clock_settime clock_settime64";

static const char of_sys_nice[] = "get_mempolicy mbind set_mempolicy set_mempolicy_home_node";

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

#define ALLOW(calls, ...)                                                                          \
	{                                                                                          \
		.names = (calls), .action = SECCOMP_ALLOW, __VA_ARGS__                             \
	}
#define WHEN(argument, op, ...)                                                                    \
	.conditions = { { (argument), (op), __VA_ARGS__ } }, .condition_count = 1

static const struct seccomp_rule rules[] = {
	ALLOW(always),

	/* Linux 4.8 closed the way by which a traced process could leave its filter. */
	ALLOW("process_vm_readv process_vm_writev ptrace", .kernel_major = 4, .kernel_minor = 8),

	/*
	 * All families but AF_ALG, the kernel's cryptography, and AF_VSOCK, by which a virtual machine reaches its
	 * host whatever the network namespace.
	 */
	ALLOW("socket", WHEN(0, SECCOMP_LESS, AF_ALG)),
	ALLOW("socket", WHEN(0, SECCOMP_EQUAL, AF_NFC)),
	ALLOW("socket", WHEN(0, SECCOMP_GREATER, AF_VSOCK)),

	/* Linux, Linux with 32 bits, both with the kernel's older version number; asking. */
	ALLOW("personality", WHEN(0, SECCOMP_EQUAL, 0x0)),
	ALLOW("personality", WHEN(0, SECCOMP_EQUAL, 0x8)),
	ALLOW("personality", WHEN(0, SECCOMP_EQUAL, 0x20000)),
	ALLOW("personality", WHEN(0, SECCOMP_EQUAL, 0x20008)),
	ALLOW("personality", WHEN(0, SECCOMP_EQUAL, 0xffffffff)),

	/*
	 * Processes and threads, but no namespaces. The flags of clone3 lie in memory, where a filter does not see
	 * them, so it is not there, and the C library uses clone.
	 */
	ALLOW("clone", WHEN(0, SECCOMP_MASKED_EQUAL, NEW_NAMESPACES, 0),
	      .without = BIT(CAP_SYS_ADMIN), .not_architectures = "s390 s390x"),
	ALLOW("clone", WHEN(1, SECCOMP_MASKED_EQUAL, NEW_NAMESPACES, 0),
	      .without = BIT(CAP_SYS_ADMIN), .architectures = "s390 s390x"),
	{ .names = "clone3",
	  .action = SECCOMP_ERRNO,
	  .error = ENOSYS,
	  .without = BIT(CAP_SYS_ADMIN) },

	ALLOW(of_sys_admin, .with = BIT(CAP_SYS_ADMIN)),
	ALLOW("open_by_handle_at", .with = BIT(CAP_DAC_READ_SEARCH)),
	ALLOW("reboot", .with = BIT(CAP_SYS_BOOT)),
	ALLOW("chroot", .with = BIT(CAP_SYS_CHROOT)),
	ALLOW("delete_module init_module finit_module", .with = BIT(CAP_SYS_MODULE)),
	ALLOW("acct", .with = BIT(CAP_SYS_PACCT)),
	ALLOW(of_sys_ptrace, .with = BIT(CAP_SYS_PTRACE)),
	ALLOW("iopl ioperm", .with = BIT(CAP_SYS_RAWIO)),
	ALLOW(of_sys_time, .with = BIT(CAP_SYS_TIME)),
	ALLOW("vhangup", .with = BIT(CAP_SYS_TTY_CONFIG)),
	ALLOW(of_sys_nice, .with = BIT(CAP_SYS_NICE)),
	ALLOW("syslog", .with = BIT(CAP_SYSLOG)),
	ALLOW("bpf", .with = BIT(CAP_BPF)),
	ALLOW("perf_event_open", .with = BIT(CAP_PERFMON)),

	ALLOW("arch_prctl", .architectures = "amd64 x32"),
	ALLOW("modify_ldt", .architectures = "amd64 x32 x86"),
	ALLOW("sync_file_range2 swapcontext", .architectures = "ppc64le"),
	ALLOW("arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
	      .architectures = "arm arm64"),
	ALLOW("s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
	      .architectures = "s390 s390x"),
	ALLOW("riscv_flush_icache", .architectures = "riscv64"),

};

static const struct seccomp_profile profile = {
	.default_action = SECCOMP_ERRNO,
	.default_error = EPERM,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
};

const struct seccomp_profile *seccomp_profile_default(void)
{
	return &profile;
}
