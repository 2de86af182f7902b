/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SEEK_DATA and SEEK_HOLE, while the kernel may hold what a shared mapping or its writeback cache
 * has written.
 *
 * The kernel asks without first writing back what it holds, so a hole of ours may be full of data
 * that nobody has sent yet. When the answer depends on a hole, the kernel is made to write back
 * that part of the file, and the question is asked again. Its WRITE messages need a worker, and
 * the workers could all be waiting here; so a thread of its own does the waiting.
 */
#include "base/cleanup.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct seek {
	struct seek *next;
	fuse_req_t req;
	fuse_ino_t node;
	off_t offset;
	int whence;
	off_t doubtful; /* from here on the first answer was a hole */
	struct request request;
};

struct seeker {
	struct session *session;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct seek *first, **last; /* queue, under lock */
	bool ending;		    /* under lock */
};

static void seek_again(struct session *session, const struct seek *seek)
{
	request_resume(session, &seek->request);
	/* Failure means that the kernel holds nothing of the file. */
	(void)fuse_lowlevel_notify_inval_inode(session->fuse, seek->node, seek->doubtful, 0);
	reply_offset(seek->req, union_lseek(session->fs, inode_of(session, seek->node),
					    seek->offset, seek->whence));
}

/* The next seek, to be freed, or NULL at the end. */
static struct seek *take(struct seeker *seeker)
{
	struct seek *seek;

	(void)pthread_mutex_lock(&seeker->lock);
	while (!seeker->first && !seeker->ending)
		(void)pthread_cond_wait(&seeker->changed, &seeker->lock);
	seek = seeker->first;
	if (seek) {
		seeker->first = seek->next;
		if (!seeker->first)
			seeker->last = &seeker->first;
	}
	(void)pthread_mutex_unlock(&seeker->lock);
	return seek;
}

static void *work(void *data)
{
	struct seeker *seeker = data;
	struct seek *seek;

	while ((seek = take(seeker)) != NULL) {
		seek_again(seeker->session, seek);
		free(seek);
	}
	return NULL;
}

int seeker_create(struct session *session, struct seeker **ret_seeker)
{
	cleanup_free struct seeker *seeker = calloc(1, sizeof(*seeker));
	int error;

	if (!seeker)
		return -ENOMEM;
	seeker->session = session;
	seeker->last = &seeker->first;
	(void)pthread_mutex_init(&seeker->lock, NULL);
	(void)pthread_cond_init(&seeker->changed, NULL);
	error = pthread_create(&seeker->thread, NULL, work, seeker);
	if (error)
		return -error;
	*ret_seeker = steal_pointer(&seeker);
	return 0;
}

void seeker_destroy(struct seeker *seeker)
{
	if (!seeker)
		return;
	(void)pthread_mutex_lock(&seeker->lock);
	seeker->ending = true;
	(void)pthread_cond_signal(&seeker->changed);
	(void)pthread_mutex_unlock(&seeker->lock);
	(void)pthread_join(seeker->thread, NULL);
	(void)pthread_cond_destroy(&seeker->changed);
	(void)pthread_mutex_destroy(&seeker->lock);
	free(seeker);
}

static void put(struct seeker *seeker, struct seek *seek)
{
	(void)pthread_mutex_lock(&seeker->lock);
	*seeker->last = seek;
	seeker->last = &seek->next;
	(void)pthread_cond_signal(&seeker->changed);
	(void)pthread_mutex_unlock(&seeker->lock);
}

/* Where the hole begins that an answer depends on, or -1 when it depends on none. */
static off_t hole_behind(off_t offset, int whence, off_t answer)
{
	if (whence == SEEK_DATA)
		return answer == offset ? -1 : offset;
	return answer >= 0 ? answer : offset;
}

void op_lseek(fuse_req_t req, fuse_ino_t node, off_t offset, int whence,
	      struct fuse_file_info *file)
{
	struct session *session = begin(req, MESSAGE_LSEEK, node);
	off_t answer = union_lseek(session->fs, inode_of(session, node), offset, whence);
	off_t doubtful = hole_behind(offset, whence, answer);
	struct seek *seek;

	(void)file;
	if (session->options.read_only || doubtful < 0 || (answer < 0 && answer != -ENXIO)) {
		reply_offset(req, answer);
		return;
	}
	seek = malloc(sizeof(*seek));
	if (!seek) {
		reply_result(req, -ENOMEM);
		return;
	}
	*seek = (struct seek){
		.req = req, .node = node, .offset = offset, .whence = whence, .doubtful = doubtful
	};
	request_take(&seek->request);
	put(session->seeker, seek);
}
