/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system of proc_view.h: one directory, which cannot be listed, since all know what is in it. One thread; the
 * kernel asks, we answer.
 */
#include "base/text_file.h"
#include "container/proc_view/files.h"
#include "container/proc_view/usage.h"
#include "fuse/library_log.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Names do not change, and sizes nobody relies on. */
#define TIMEOUT (365.0 * 24 * 60 * 60)
/* The inode number of the first file; the directory is FUSE_ROOT_ID. */
#define FIRST_FILE 2
/*
 * What the open files of a container may hold in our memory, which is none of its own. Far more than
 * programs need, who close what they have read.
 */
#define OPEN_BYTES_MAX (16U << 20)

const struct proc_view_file proc_view_files[PROC_VIEW_FILES] = {
	{ { "meminfo", "proc/meminfo" }, "/proc/meminfo", proc_view_meminfo },
	{ { "cpuinfo", "proc/cpuinfo" }, "/proc/cpuinfo", proc_view_cpuinfo },
	{ { "stat", "proc/stat" }, "/proc/stat", proc_view_stat },
	{ { "uptime", "proc/uptime" }, NULL, proc_view_uptime },
	{ { "loadavg", "proc/loadavg" }, "/proc/loadavg", proc_view_loadavg },
	{ { "swaps", "proc/swaps" }, "/proc/swaps", proc_view_swaps },
	{ { "diskstats", "proc/diskstats" }, "/proc/diskstats", proc_view_diskstats },
	{ { "online", "sys/devices/system/cpu/online" }, NULL, proc_view_online },
};

struct server {
	struct fuse_session *session;
	struct proc_view_source source;
	struct timespec started; /* CLOCK_REALTIME, for the times of files */
	size_t open_bytes;
	size_t lengths
		[PROC_VIEW_FILES]; /* of the texts that were last opened; until then 0, as in /proc */
};

struct open_file {
	const struct proc_view_file *file;
	struct buffer text;
	bool unread; /* nobody has read the text's start */
};

static struct server *server_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* -- names and attributes -- */

static bool is_file(fuse_ino_t node)
{
	return node >= FIRST_FILE && node < FIRST_FILE + PROC_VIEW_FILES;
}

static struct stat attributes_of(const struct server *server, fuse_ino_t node)
{
	return (struct stat){
		.st_ino = node,
		.st_mode = is_file(node) ? S_IFREG | 0444 : S_IFDIR | 0555,
		.st_nlink = is_file(node) ? 1 : 2,
		.st_size = is_file(node) ? (off_t)server->lengths[node - FIRST_FILE] : 0,
		.st_atim = server->started,
		.st_mtim = server->started,
		.st_ctim = server->started,
	};
}

static void look_up(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .attr_timeout = TIMEOUT, .entry_timeout = TIMEOUT };

	for (size_t i = 0; parent == FUSE_ROOT_ID && i < PROC_VIEW_FILES; i++) {
		if (strcmp(name, proc_view_files[i].target.name) != 0)
			continue;
		entry.ino = FIRST_FILE + i;
		entry.attr = attributes_of(server_of(request), entry.ino);
		(void)fuse_reply_entry(request, &entry);
		return;
	}
	(void)fuse_reply_err(request, ENOENT);
}

static void get_attributes(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
	const struct stat attributes = attributes_of(server_of(request), node);

	(void)info;
	(void)fuse_reply_attr(request, &attributes, TIMEOUT);
}

/* -- contents -- */

static int make_text(struct server *server, const struct proc_view_file *file, struct buffer *text)
{
	cleanup_buffer struct buffer host = BUFFER_INIT;
	struct proc_view_usage usage;
	int result = file->host ? text_file_read(file->host, &host) : 0;

	if (result == 0)
		result = proc_view_usage_read(&server->source, &usage);
	if (result < 0)
		return result;
	result = file->text(buffer_string(&host), &usage, text);
	proc_view_usage_free(&usage);
	return result;
}

/* What an open file takes of our memory. */
static size_t size_of(const struct open_file *open)
{
	return sizeof(*open) + open->text.capacity;
}

/* Makes the text anew. What was there remains when that fails. */
static int refresh(struct server *server, struct open_file *open)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	size_t others = server->open_bytes - open->text.capacity;
	int result = make_text(server, open->file, &text);

	if (result == 0 && others + text.capacity > OPEN_BYTES_MAX)
		result = -ENOMEM;
	if (result < 0)
		return result;
	buffer_free(&open->text);
	open->text = text;
	server->open_bytes = others + text.capacity;
	text = BUFFER_INIT;
	return 0;
}

static struct open_file *file_of(const struct fuse_file_info *info)
{
	return (struct open_file *)(uintptr_t)info->fh; /* NOLINT(performance-no-int-to-ptr) */
}

static void free_file(struct server *server, struct open_file *open)
{
	server->open_bytes -= size_of(open);
	buffer_free(&open->text);
	free(open);
}

/*
 * read(2) takes what we answer, whatever the size is; sendfile(2) and splice(2) stop at the size that the kernel
 * knows. It learns it by being given the text, of which it keeps nothing else: the open that follows drops it.
 */
static void tell_length(struct server *server, fuse_ino_t node, struct buffer *text)
{
	struct fuse_bufvec contents = FUSE_BUFVEC_INIT(text->length);

	server->lengths[node - FIRST_FILE] = text->length;
	contents.buf[0].mem = text->data;
	(void)fuse_lowlevel_notify_store(server->session, node, 0, &contents, 0);
}

static int make_file(struct server *server, fuse_ino_t node, struct open_file **ret_open)
{
	struct open_file *open =
		server->open_bytes < OPEN_BYTES_MAX ? calloc(1, sizeof(*open)) : NULL;
	int result;

	if (!open)
		return -ENOMEM;
	open->file = &proc_view_files[node - FIRST_FILE];
	open->unread = true;
	server->open_bytes += size_of(open);
	result = refresh(server, open);
	if (result < 0)
		free_file(server, open);
	else
		*ret_open = open;
	return result;
}

static void open_file(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
	struct server *server = server_of(request);
	struct open_file *open = NULL;
	int result = is_file(node) ? make_file(server, node, &open) : -ENOENT;

	if (result < 0) {
		(void)fuse_reply_err(request, -result);
		return;
	}
	tell_length(server, node, &open->text);
	info->fh = (uintptr_t)open;
	info->direct_io = 1;
	if (fuse_reply_open(request, info) < 0)
		free_file(server, open);
}

static void release_file(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
	(void)node;
	free_file(server_of(request), file_of(info));
	(void)fuse_reply_err(request, 0);
}

static void read_file(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
		      struct fuse_file_info *info)
{
	struct open_file *open = file_of(info);
	size_t start = (size_t)offset;
	int result = 0;

	(void)node;
	if (offset == 0 && !open->unread)
		result = refresh(server_of(request), open);
	open->unread = open->unread && offset != 0;
	if (result < 0) {
		(void)fuse_reply_err(request, -result);
		return;
	}
	if (start > open->text.length)
		start = open->text.length;
	if (size > open->text.length - start)
		size = open->text.length - start;
	(void)fuse_reply_buf(request, buffer_string(&open->text) + start, size);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = look_up,
	.getattr = get_attributes,
	.open = open_file,
	.read = read_file,
	.release = release_file,
};

/* -- the process -- */

/* Answers what is asked, and counts the load in between. */
static int loop(struct server *server)
{
	struct fuse_buf request = { 0 };
	int result = 0;

	while (!fuse_session_exited(server->session) && result >= 0) {
		struct pollfd ready = { .fd = fuse_session_fd(server->session), .events = POLLIN };

		if (poll(&ready, 1, proc_view_source_sample(&server->source)) <= 0)
			continue;
		result = fuse_session_receive_buf(server->session, &request);
		/* What was asked for may have been taken back meanwhile. */
		if (result == -EINTR || result == -EAGAIN)
			result = 0;
		else if (result > 0)
			fuse_session_process_buf(server->session, &request);
	}
	free(request.mem);
	return result < 0 ? result : 0;
}

int proc_view_serve(int fd, const struct cgroup *group)
{
	char *arguments[] = { (char[]){ "cowrun-proc" }, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, arguments);
	struct server server = { 0 };
	char path[32];
	int result;

	library_log_take(false);
	(void)clock_gettime(CLOCK_REALTIME, &server.started);
	proc_view_source_begin(&server.source, group);
	server.session = fuse_session_new(&args, &operations, sizeof(operations), &server);
	if (!server.session)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	result = fuse_session_mount(server.session, path) < 0 ? -EIO : loop(&server);
	fuse_session_unmount(server.session);
	fuse_session_destroy(server.session);
	return result;
}
