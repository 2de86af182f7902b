/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/operations/passthrough.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/privilege.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BUCKETS 64

/* An inode that is open. */
struct open_inode {
	struct open_inode *next;
	struct inode *inode; /* the kernel keeps it until it is closed */
	int backing;	     /* the kernel's number for the file behind it; 0: none */
	/* Open files: never fewer than the kernel has. */
	unsigned opens, writers;
};

struct bucket {
	pthread_mutex_t lock;
	struct open_inode *first;
};

struct passthrough {
	struct bucket buckets[BUCKETS];
	_Atomic unsigned written; /* inodes with writers and a file behind them: mostly none */
	_Atomic uint64_t passed, served;
};

/* -- what the library has -- */

#ifdef HAVE_FUSE_PASSTHROUGH_OPEN

int passthrough_check(struct problem *problem)
{
	if (privilege_is_admin_of_machine())
		return 0;
	return problem_set(problem, -EPERM,
			   "io=passthrough is not used: the kernel grants it only to root "
			   "(CAP_SYS_ADMIN) outside of any user namespace");
}

/*
 * What is written goes to the file behind with our privileges. Without this one the file system there clears at each
 * write what setuid and setgid the file may have got since.
 */
static int open_backing(fuse_req_t req, int fd)
{
	bool had = privilege_drop_fsetid();
	int backing = fuse_passthrough_open(req, fd);

	if (had)
		privilege_take_fsetid();
	return backing > 0 ? backing : 0;
}

static void close_backing(fuse_req_t req, int backing)
{
	(void)fuse_passthrough_close(req, backing);
}

static void set_backing(struct fuse_file_info *file, int backing)
{
	file->backing_id = backing;
}

#else

int passthrough_check(struct problem *problem)
{
	return problem_set(problem, -ENOTSUP,
			   "io=passthrough is not used: cowfs was built with a libfuse older than "
			   "3.17");
}

static int open_backing(fuse_req_t req, int fd)
{
	(void)req;
	(void)fd;
	return 0;
}

static void close_backing(fuse_req_t req, int backing)
{
	(void)req;
	(void)backing;
}

static void set_backing(struct fuse_file_info *file, int backing)
{
	(void)file;
	(void)backing;
}

#endif

int passthrough_not_offered(struct problem *problem)
{
	return problem_set(problem, -ENOTSUP,
			   "io=passthrough is not used: the kernel does not offer it. It needs "
			   "Linux 6.9 or newer with CONFIG_FUSE_PASSTHROUGH");
}

/* -- the table -- */

int passthrough_create(struct passthrough **ret_passthrough)
{
	struct passthrough *passthrough = calloc(1, sizeof(*passthrough));

	if (!passthrough)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		(void)pthread_mutex_init(&passthrough->buckets[i].lock, NULL);
	*ret_passthrough = passthrough;
	return 0;
}

void passthrough_destroy(struct passthrough *passthrough)
{
	if (!passthrough)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct bucket *bucket = &passthrough->buckets[i];

		for (struct open_inode *open = bucket->first, *next; open; open = next) {
			next = open->next;
			free(open);
		}
		(void)pthread_mutex_destroy(&bucket->lock);
	}
	free(passthrough);
}

static struct bucket *bucket_of(struct passthrough *passthrough, const struct inode *inode)
{
	return &passthrough->buckets[hash_pair(0, (uintptr_t)inode, 0) % BUCKETS];
}

/*
 * Nothing that moves. Nothing whose setuid or setgid a write may have to clear: only to us the kernel says for which
 * writer. And nothing immutable or append-only: the kernel opens it again for the writer without a look at that.
 */
static bool may_be_passed(const struct session *session, struct inode *inode)
{
	struct attributes attributes;

	if (session->options.read_only)
		return true;
	return union_is_upper(session->fs, inode) &&
	       union_getattr(session->fs, inode, &attributes) == 0 &&
	       !(attributes.mode & (S_ISUID | S_ISGID)) && !attributes.is_protected;
}

/* The next three: with the bucket locked. */

static struct open_inode *find(const struct bucket *bucket, const struct inode *inode)
{
	struct open_inode *open = bucket->first;

	while (open && open->inode != inode)
		open = open->next;
	return open;
}

static int add(const struct session *session, struct bucket *bucket, fuse_req_t req,
	       struct inode *inode, struct open_inode **ret_open)
{
	struct open_inode *open = calloc(1, sizeof(*open));

	if (!open)
		return -ENOMEM;
	open->inode = inode;
	if (may_be_passed(session, inode)) {
		cleanup_fd int fd = union_open_data(session->fs, inode);

		/* What we may not read either is for the first READ to tell. */
		if (fd >= 0)
			open->backing = open_backing(req, fd);
	}
	open->next = bucket->first;
	bucket->first = open;
	*ret_open = open;
	return 0;
}

static void remove_from(struct bucket *bucket, struct open_inode *open)
{
	struct open_inode **link = &bucket->first;

	while (*link != open)
		link = &(*link)->next;
	*link = open->next;
	free(open);
}

/* -- opening and closing -- */

static bool is_for_writing(const struct fuse_file_info *file)
{
	return (file->flags & O_ACCMODE) != O_RDONLY;
}

static void forget_attributes(const struct session *session, const struct inode *inode)
{
	(void)fuse_lowlevel_notify_inval_inode(session->fuse, node_of(session, inode), -1, 0);
}

static void fill(const struct session *session, const struct open_inode *open,
		 struct fuse_file_info *file)
{
	file->fh = (uintptr_t)open;
	set_backing(file, open->backing);
	/* What was cached of a file in the upper may have been passed by since. */
	file->keep_cache =
		!open->backing && (open->opens > 0 || !union_is_upper(session->fs, open->inode));
}

static void count(struct passthrough *passthrough, struct open_inode *open, bool writing)
{
	open->opens++;
	if (!open->backing)
		passthrough->served++;
	else
		passthrough->passed++;
	if (open->backing && writing && open->writers++ == 0)
		passthrough->written++;
}

int passthrough_open(struct session *session, fuse_req_t req, struct inode *inode,
		     struct fuse_file_info *file)
{
	struct bucket *bucket = bucket_of(session->passthrough, inode);
	bool writing = is_for_writing(file), passed = false;
	struct open_inode *open;
	int error = 0;

	pthread_mutex_lock(&bucket->lock);
	open = find(bucket, inode);
	if (!open)
		error = add(session, bucket, req, inode, &open);
	if (!error) {
		fill(session, open, file);
		count(session->passthrough, open, writing);
		passed = open->backing != 0;
	}
	pthread_mutex_unlock(&bucket->lock);
	if (error || !passed || !writing)
		return error;
	forget_attributes(session, inode);
	error = union_settle(session->fs, inode);
	if (error)
		passthrough_release(session, req, file);
	return error;
}

void passthrough_release(struct session *session, fuse_req_t req, const struct fuse_file_info *file)
{
	struct open_inode *open = (struct open_inode *)(uintptr_t)file->fh;
	const struct inode *inode = open->inode;
	struct bucket *bucket = bucket_of(session->passthrough, inode);
	bool last_writer = false;

	pthread_mutex_lock(&bucket->lock);
	if (open->backing && is_for_writing(file) && --open->writers == 0) {
		session->passthrough->written--;
		last_writer = true;
	}
	if (--open->opens == 0) {
		if (open->backing)
			close_backing(req, open->backing);
		remove_from(bucket, open);
	}
	pthread_mutex_unlock(&bucket->lock);
	/* An answer under way may hold attributes of before the last change. */
	if (last_writer)
		forget_attributes(session, inode);
}

/* -- what others want to know -- */

bool passthrough_is_written(struct passthrough *passthrough, const struct inode *inode)
{
	struct bucket *bucket = bucket_of(passthrough, inode);
	const struct open_inode *open;
	bool written;

	if (!passthrough->written)
		return false;
	pthread_mutex_lock(&bucket->lock);
	open = find(bucket, inode);
	written = open && open->writers > 0;
	pthread_mutex_unlock(&bucket->lock);
	return written;
}

struct passthrough_counts passthrough_count(const struct passthrough *passthrough)
{
	return (struct passthrough_counts){ passthrough->passed, passthrough->served };
}
