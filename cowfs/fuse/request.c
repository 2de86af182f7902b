/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/request.h"

#include "base/buffer.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What this thread is, once it has begun anything. */
static _Thread_local struct worker *current;

/* -- threads that come and go -- */

static void worker_free(void *data)
{
	struct worker *worker = data;
	struct workers *workers = &worker->session->workers;

	(void)pthread_mutex_lock(&workers->lock);
	list_remove(&worker->siblings);
	(void)pthread_mutex_unlock(&workers->lock);
	free(worker);
}

int workers_init(struct workers *workers)
{
	int error = pthread_key_create(&workers->key, worker_free);

	if (error)
		return -error;
	(void)pthread_mutex_init(&workers->lock, NULL);
	list_init(&workers->list);
	return 0;
}

void workers_destroy(struct workers *workers)
{
	(void)pthread_key_delete(workers->key);
	(void)pthread_mutex_destroy(&workers->lock);
}

/* NULL when memory is short: then nothing is known of this thread. */
static struct worker *worker_new(struct session *session)
{
	struct workers *workers = &session->workers;
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->session = session;
	worker->thread = gettid();
	if (pthread_setspecific(workers->key, worker) != 0) {
		free(worker);
		return NULL;
	}
	(void)pthread_mutex_lock(&workers->lock);
	list_push_front(&workers->list, &worker->siblings);
	(void)pthread_mutex_unlock(&workers->lock);
	return worker;
}

static struct worker *obtain_worker(struct session *session)
{
	if (!current)
		current = worker_new(session);
	return current;
}

/* -- requests -- */

static struct session *remember(fuse_req_t req, const struct request *request)
{
	struct session *session = fuse_req_userdata(req);
	struct worker *worker = obtain_worker(session);

	counts_add(&session->counts, request->message);
	if (!worker)
		return session;
	worker->request = *request;
	worker->request.pid = fuse_req_ctx(req)->pid;
	/* A person who looks at a stopped daemon does not count microseconds. */
	(void)clock_gettime(session->options.trace ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE,
			    &worker->request.started);
	worker->request.under_way = true;
	return session;
}

struct session *begin(fuse_req_t req, enum message message, fuse_ino_t node)
{
	return remember(req, &(struct request){ .message = message, .node = node });
}

struct session *begin_name(fuse_req_t req, enum message message, fuse_ino_t parent,
			   const char *name)
{
	return remember(req, &(struct request){ .message = message, .node = parent, .name = name });
}

void request_to(fuse_ino_t node, const char *name)
{
	if (!current)
		return;
	current->request.to_node = node;
	current->request.to_name = name;
}

void request_text(const char *text)
{
	if (current)
		current->request.text = text;
}

void request_range(off_t offset, size_t size)
{
	if (!current)
		return;
	current->request.offset = (uint64_t)offset;
	current->request.size = size;
}

void request_take(struct request *ret_request)
{
	*ret_request = current ? current->request : (struct request){ 0 };
	if (current)
		current->request.under_way = false;
}

void request_resume(struct session *session, const struct request *request)
{
	struct worker *worker = obtain_worker(session);

	if (worker)
		worker->request = *request;
}

/* -- tracing -- */

static void append_path(const struct session *session, struct buffer *path, fuse_ino_t node,
			const char *name)
{
	/* What has no name any more is told without. */
	if (union_path(session->fs, inode_of(session, node), path) < 0)
		(void)buffer_append_string(path, "?");
	if (!name)
		return;
	if (path->length == 0 || path->data[path->length - 1] != '/')
		(void)buffer_append_string(path, "/");
	(void)buffer_append_string(path, name);
}

static uint64_t microseconds_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec - start->tv_sec) * 1000000U +
	       (uint64_t)((now.tv_nsec - start->tv_nsec) / 1000);
}

static void show(const struct session *session, const struct request *request, int64_t result)
{
	const struct session_options *options = &session->options;
	cleanup_buffer struct buffer path = BUFFER_INIT, to_path = BUFFER_INIT;
	struct session_trace trace = {
		.operation = message_name(request->message),
		.text = request->text,
		.offset = request->offset,
		.size = request->size,
		.result = result,
		.microseconds = microseconds_since(&request->started),
		.pid = request->pid,
	};

	append_path(session, &path, request->node, request->name);
	trace.path = buffer_string(&path);
	if (request->to_node) {
		append_path(session, &to_path, request->to_node, request->to_name);
		trace.to_path = buffer_string(&to_path);
	}
	options->trace(options->trace_context, &trace);
}

void request_end(int64_t result)
{
	if (!current || !current->request.under_way)
		return;
	if (current->session->options.trace)
		show(current->session, &current->request, result);
	current->request.under_way = false;
}

void request_forget(fuse_ino_t node, uint64_t count)
{
	if (!current)
		return;
	current->request.node = node;
	if (current->session->options.trace)
		show(current->session, &current->request, (int64_t)count);
	current->request.under_way = false;
}
