/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mounted union: from the first agreement with the kernel to the unmount.
 *
 * session_create() makes it, session_mount() puts it in the tree, session_run() serves until the
 * file system is unmounted, however that happens, or a signal asks for the end. The file system
 * passed in must outlive the session. A process runs one session at a time: libfuse's log and
 * the handling of signals belong to the whole process.
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"
#include "union/union.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

struct session;

/* A request of the kernel and its answer. */
struct session_trace {
	const char *operation;
	const char *path;      /* in the union; "?" for what has no name any more */
	const char *to_path;   /* where it leads; or NULL */
	const char *text;      /* an attribute's name, a symbolic link's target; or NULL */
	uint64_t offset, size; /* of reading and writing; size 0: of anything else */
	int64_t result;	       /* a length, or 0, or -errno */
	uint64_t microseconds;
	pid_t pid; /* on whose behalf; 0: the kernel's */
};
typedef void session_trace_function(void *context, const struct session_trace *trace);

struct session_options {
	const char *fsname;  /* the device shown in the mount table */
	const char *subtype; /* the type shown is fuse.SUBTYPE */
	/* Passed to the kernel as they are: ro, suid, dev, noexec, context="..." and kin; ends with NULL. */
	const char *const *mount_options;
	bool allow_other;
	bool read_only;	       /* the union is: nothing needs to be flushed */
	bool no_acl;	       /* POSIX ACLs are neither enforced nor shown */
	bool no_xattr;	       /* every extended attribute is answered "not supported", for good */
	bool never_sync;       /* fsync is answered once, and then by the kernel */
	bool debug;	       /* show what libfuse has to say */
	bool writeback;	       /* let the kernel hold written data back */
	bool changing;	       /* layers change underneath: nothing is cached longer than timeout */
	double timeout;	       /* seconds; used when changing */
	unsigned threads;      /* at most this many; 0: the default */
	unsigned idle_threads; /* keep at most this many idle; 0: the default */
	bool no_follow;	       /* no thread follows a single caller (serving.h) */
	bool clone_fd;	       /* a device descriptor for each thread */
	bool passthrough; /* the kernel reads and writes the layers' files itself, if that can be */
	bool passthrough_or_not; /* no warning where it cannot */
	bool io_uring;		 /* messages come over io_uring, if that can be */
	/* Called in session_run() once the kernel has answered, with context; may be NULL. */
	void (*ready)(struct session *session, void *context);
	void *context;
	/* Called before each answer, by the thread that gives it, with trace_context; NULL: nobody wants to know. */
	session_trace_function *trace;
	void *trace_context;
};

/*
 * Whether this process may ask for passthrough, as far as it can tell: 0, or -errno with a problem. For sessions without
 * writeback, of layers that do not change.
 */
int session_check_passthrough(struct problem *problem);

/* Borrows fs and the options' strings until session_destroy(). 0 or -errno with a problem. */
int session_create(struct union_fs *fs, const struct session_options *options,
		   struct session **ret_session, struct problem *problem);
/* Unmounts when it is still mounted. Accepts NULL. */
void session_destroy(struct session *session);

/*
 * Mounts on an absolute path: by mount(2) when the process may, else through fusermount3.
 * 0 or -errno with a problem. From here on SIGTERM, SIGINT and SIGHUP wait for session_run().
 */
int session_mount(struct session *session, const char *mountpoint, struct problem *problem);

/*
 * Serves the kernel in several threads until the end: 0, or -errno when the connection failed.
 * SIGTERM, SIGINT and SIGHUP end it in order: what the kernel holds back is written, the mount
 * leaves the tree, requests under way are answered.
 */
int session_run(struct session *session);

/* The session that runs, or NULL. For debuggers, which cannot find it otherwise (tools/gdb/cowfs.py); nothing else may use it. */
extern struct session *session_running;

/* What was asked for and could not be had, so that the session goes on without. */
enum session_warning { WARNING_PASSTHROUGH, WARNING_IO_URING, SESSION_WARNINGS };
/* Why: a sentence, or "". Final once the kernel has answered; valid until session_destroy(). */
const char *session_warning(const struct session *session, enum session_warning which);

/* What was agreed with the kernel, one feature a line, sorted. 0 or -ENOMEM. */
int session_describe(const struct session *session, struct buffer *text);

/*
 * What `cowfs stat` shows, as JSON: the value of this attribute of any file or directory, which is never listed.
 * Where attributes are switched off the same text comes from an ioctl on a directory.
 */
#define STAT_ATTRIBUTE "user.cowfs.stat"
#define STAT_SIZE_MAX 65536
#define STAT_IOCTL_SIZE 8192
#define STAT_IOCTL _IOC(_IOC_READ, 'c', 0x75, STAT_IOCTL_SIZE)

/*
 * The layers, as JSON, by an ioctl on a directory of the union, page by page since there may be many: text from offset
 * on; size 0 is the end. Members: "path" (where that directory is in the union), "stack" (an array of layers, the
 * topmost first: "path", "role", "device", "inode", "attributes", "dialect"), "options" as for mounting, "workdir" if it
 * was given, and "mount_namespace", the inode number of the one in which the paths hold.
 */
struct stack_page {
	uint64_t offset; /* asked for */
	uint32_t size;	 /* answered: how many bytes of text */
	char text[8180];
};
#define STACK_IOCTL _IOWR('c', 0x76, struct stack_page)
