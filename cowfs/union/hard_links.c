/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/hard_links.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/hash.h"
#include "union/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_SUFFIX ".links"

static struct hard_link **bucket_of(struct union_fs *fs, uint64_t layer_id, uint64_t inode)
{
	return &fs->hard_links.buckets[hash_pair(fs->seed, layer_id, inode) % HARD_LINK_BUCKETS];
}

static struct hard_link *find(struct union_fs *fs, uint64_t layer_id, uint64_t inode)
{
	struct hard_link *link = *bucket_of(fs, layer_id, inode);

	while (link && (link->layer_id != layer_id || link->inode != inode))
		link = link->next;
	return link;
}

static struct hard_link *obtain(struct union_fs *fs, uint64_t layer_id, uint64_t inode)
{
	struct hard_link **bucket = bucket_of(fs, layer_id, inode);
	struct hard_link *link = find(fs, layer_id, inode);

	if (link)
		return link;
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->layer_id = layer_id;
	link->inode = inode;
	link->next = *bucket;
	*bucket = link;
	return link;
}

static void name_of(const struct hard_link *link, const char *suffix, char name[HARD_LINK_NAME_MAX])
{
	(void)snprintf(name, HARD_LINK_NAME_MAX, "%016" PRIx64 "-%" PRIx64 "%s", link->layer_id,
		       link->inode, suffix);
}

/* -- reading the index of a layer; names that make no sense are passed over -- */

static void read_links(struct hard_link *link, int index_fd, const char *name)
{
	char text[32] = "", rest;
	int32_t gone;
	uint32_t lower_links;

	if (readlinkat(index_fd, name, text, sizeof(text) - 1) > 0 &&
	    sscanf(text, "%" SCNd32 ":%" SCNu32 "%c", &gone, &lower_links, &rest) == 2 &&
	    gone >= 0) {
		link->gone = gone;
		link->lower_links = lower_links;
	}
}

static int read_entry(struct union_fs *fs, struct layer *layer, int index_fd, const char *name)
{
	uint64_t layer_id, inode;
	struct hard_link *link;
	int end = 0;

	if (sscanf(name, "%" SCNx64 "-%" SCNx64 "%n", &layer_id, &inode, &end) != 2)
		return 0;
	if (name[end] && strcmp(name + end, LINKS_SUFFIX) != 0)
		return 0;
	link = obtain(fs, layer_id, inode);
	if (!link)
		return -ENOMEM;
	/* Layers are read from the top: what a higher one says stands. */
	if (name[end] && !link->lower_links)
		read_links(link, index_fd, name);
	else if (!name[end] && !link->layer)
		link->layer = layer;
	return 0;
}

static int read_index(struct union_fs *fs, struct layer *layer, int index_fd)
{
	int fd = confined_reopen(index_fd, O_RDONLY | O_DIRECTORY);
	DIR *stream CLEANUP(closedir) = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int error = 0;

	if (fd < 0)
		return fd;
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	while (!error && (entry = readdir(stream)))
		error = read_entry(fs, layer, index_fd, entry->d_name);
	return error;
}

/* The index directory of a lower layer that once was an upper of ours, or -1. */
static int open_lower_index(const struct layer *layer)
{
	cleanup_fd int state = -1;

	if (!layer->has_state)
		return -1;
	state = confined_open(layer->root_fd, STATE_DIRECTORY, O_PATH | O_DIRECTORY, 0);
	if (state < 0)
		return -1;
	return confined_open(state, "index", O_PATH | O_DIRECTORY, 0);
}

int hard_links_open(struct union_fs *fs)
{
	struct hard_links *links = &fs->hard_links;

	pthread_mutex_init(&links->lock, NULL);
	links->index_fds = malloc(fs->layer_count * sizeof(int));
	if (!links->index_fds)
		return -ENOMEM;
	for (unsigned i = 0; i < fs->layer_count; i++)
		links->index_fds[i] = -1;
	for (unsigned i = 0; i < fs->layer_count; i++) {
		struct layer *layer = fs_layer(fs, i);
		int error,
			fd = layer == fs->upper ? dup(fs->work.index_fd) : open_lower_index(layer);

		if (fd < 0)
			continue;
		links->index_fds[i] = fd;
		error = read_index(fs, layer, fd);
		if (error)
			return error;
	}
	return 0;
}

void hard_links_close(struct union_fs *fs)
{
	struct hard_links *links = &fs->hard_links;

	for (size_t i = 0; i < HARD_LINK_BUCKETS; i++)
		for (struct hard_link *link = links->buckets[i], *next; link; link = next) {
			next = link->next;
			free(link);
		}
	for (unsigned i = 0; links->index_fds && i < fs->layer_count; i++)
		if (links->index_fds[i] >= 0)
			close(links->index_fds[i]);
	free(links->index_fds);
}

/* -- records -- */

struct hard_link *hard_links_find(struct union_fs *fs, const struct layer *layer, uint64_t inode)
{
	struct hard_link *link;

	pthread_mutex_lock(&fs->hard_links.lock);
	link = find(fs, layer->id, inode);
	pthread_mutex_unlock(&fs->hard_links.lock);
	return link;
}

struct hard_link *hard_links_obtain(struct union_fs *fs, const struct layer *layer, uint64_t inode,
				    uint32_t lower_links)
{
	struct hard_link *link;

	pthread_mutex_lock(&fs->hard_links.lock);
	link = obtain(fs, layer->id, inode);
	if (link && !link->lower_links)
		link->lower_links = lower_links;
	pthread_mutex_unlock(&fs->hard_links.lock);
	return link;
}

int hard_link_location(const struct union_fs *fs, const struct hard_link *link,
		       char name[HARD_LINK_NAME_MAX])
{
	name_of(link, "", name);
	return fs->hard_links.index_fds[link->layer->index];
}

/* Replaces the record of the counts by one rename. */
static void write_links(struct union_fs *fs, const struct hard_link *link)
{
	char temporary[WORK_NAME_MAX], name[HARD_LINK_NAME_MAX], text[32];

	work_new_name(&fs->work, temporary);
	name_of(link, LINKS_SUFFIX, name);
	(void)snprintf(text, sizeof(text), "%" PRId32 ":%" PRIu32, link->gone, link->lower_links);
	if (symlinkat(text, fs->work.fd, temporary) == 0 &&
	    renameat(fs->work.fd, temporary, fs->work.index_fd, name) < 0)
		(void)unlinkat(fs->work.fd, temporary, 0);
}

void hard_link_count_gone(struct union_fs *fs, struct hard_link *link)
{
	pthread_mutex_lock(&fs->hard_links.lock);
	link->gone++;
	write_links(fs, link);
	pthread_mutex_unlock(&fs->hard_links.lock);
}

int hard_link_enter(struct union_fs *fs, struct hard_link *link, const char *temporary)
{
	char name[HARD_LINK_NAME_MAX];

	name_of(link, "", name);
	/* A leftover of a crash before the first name appeared is worth nothing. */
	(void)unlinkat(fs->work.index_fd, name, 0);
	if (linkat(fs->work.fd, temporary, fs->work.index_fd, name, 0) < 0)
		return -errno;
	pthread_mutex_lock(&fs->hard_links.lock);
	link->layer = fs->upper;
	pthread_mutex_unlock(&fs->hard_links.lock);
	return 0;
}

uint32_t hard_link_shown(struct union_fs *fs, struct hard_link *link, uint32_t upper_links)
{
	int64_t shown;

	pthread_mutex_lock(&fs->hard_links.lock);
	shown = (int64_t)link->lower_links - link->gone +
		(link->layer ? (int64_t)upper_links - 1 : 0);
	pthread_mutex_unlock(&fs->hard_links.lock);
	return shown > 0 ? (uint32_t)shown : 0;
}

void hard_link_remove(struct union_fs *fs, struct hard_link *link)
{
	char name[HARD_LINK_NAME_MAX];

	name_of(link, "", name);
	(void)unlinkat(fs->work.index_fd, name, 0);
	name_of(link, LINKS_SUFFIX, name);
	(void)unlinkat(fs->work.index_fd, name, 0);
	pthread_mutex_lock(&fs->hard_links.lock);
	link->layer = NULL;
	pthread_mutex_unlock(&fs->hard_links.lock);
}
