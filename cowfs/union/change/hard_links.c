/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/change/hard_links.h"

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

/* -- the names in the index -- */

void hard_link_format_name(char name[HARD_LINK_NAME_MAX], uint64_t layer_id, uint64_t inode,
			   bool is_counts)
{
	(void)snprintf(name, HARD_LINK_NAME_MAX, "%016" PRIx64 "-%" PRIx64 "%s", layer_id, inode,
		       is_counts ? LINKS_SUFFIX : "");
}

bool hard_link_scan_name(const char *name, uint64_t *ret_layer_id, uint64_t *ret_inode,
			 bool *ret_is_counts)
{
	char own_name[HARD_LINK_NAME_MAX];
	uint64_t layer_id, inode;
	bool is_counts;
	int end = 0;

	if (sscanf(name, "%" SCNx64 "-%" SCNx64 "%n", &layer_id, &inode, &end) != 2)
		return false;
	is_counts = name[end] != '\0';
	hard_link_format_name(own_name, layer_id, inode, is_counts);
	if (strcmp(name, own_name) != 0)
		return false;
	*ret_layer_id = layer_id;
	*ret_inode = inode;
	*ret_is_counts = is_counts;
	return true;
}

static void name_of_copy(const struct hard_link *link, char name[HARD_LINK_NAME_MAX])
{
	hard_link_format_name(name, link->layer_id, link->inode, false);
}

static void name_of_counts(const struct hard_link *link, char name[HARD_LINK_NAME_MAX])
{
	hard_link_format_name(name, link->layer_id, link->inode, true);
}

/* -- reading the index of a layer; names that make no sense are passed over -- */

bool hard_link_read_counts(int index, const char *name, int32_t *ret_gone, uint32_t *ret_lower)
{
	char text[32] = "", rest;
	uint32_t lower;
	int32_t gone;

	if (readlinkat(index, name, text, sizeof(text) - 1) <= 0 ||
	    sscanf(text, "%" SCNd32 ":%" SCNu32 "%c", &gone, &lower, &rest) != 2 || gone < 0)
		return false;
	*ret_gone = gone;
	*ret_lower = lower;
	return true;
}

static int read_entry(struct union_fs *fs, struct layer *layer, int index_fd, const char *name)
{
	uint64_t layer_id, inode;
	struct hard_link *link;
	bool is_counts;

	if (!hard_link_scan_name(name, &layer_id, &inode, &is_counts))
		return 0;
	link = obtain(fs, layer_id, inode);
	if (!link)
		return -ENOMEM;
	/* Layers are read from the top: what a higher one says stands. */
	if (is_counts && !link->lower_links)
		(void)hard_link_read_counts(index_fd, name, &link->gone, &link->lower_links);
	else if (!is_counts && !link->layer)
		link->layer = layer;
	return 0;
}

static int read_index(struct union_fs *fs, struct layer *layer, int index_fd)
{
	DIR *stream CLEANUP(closedir) = NULL;
	struct dirent *entry;
	int error = confined_open_stream(index_fd, NULL, &stream);

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

static int open_index(const struct union_fs *fs, const struct layer *layer)
{
	/* An upper's may lie elsewhere, also when it is only looked at. */
	if (layer->index == 0 && fs->work.state_fd >= 0)
		return fs->work.index_fd < 0 ? -1 : dup(fs->work.index_fd);
	return open_lower_index(layer);
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
		int error, fd = open_index(fs, layer);

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
	return find(fs, layer->id, inode);
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

bool hard_links_reach_beyond(struct union_fs *fs, const struct layer *layer)
{
	bool reach = false;

	pthread_mutex_lock(&fs->hard_links.lock);
	for (size_t i = 0; i < HARD_LINK_BUCKETS && !reach; i++)
		for (const struct hard_link *link = fs->hard_links.buckets[i]; link && !reach;
		     link = link->next)
			reach = link->layer == layer && (int64_t)link->lower_links > link->gone;
	pthread_mutex_unlock(&fs->hard_links.lock);
	return reach;
}

struct layer *hard_link_layer(struct union_fs *fs, const struct hard_link *link)
{
	struct layer *layer;

	pthread_mutex_lock(&fs->hard_links.lock);
	layer = link->layer;
	pthread_mutex_unlock(&fs->hard_links.lock);
	return layer;
}

int hard_link_location(const struct union_fs *fs, const struct hard_link *link,
		       const struct layer *layer, char name[HARD_LINK_NAME_MAX])
{
	name_of_copy(link, name);
	return fs->hard_links.index_fds[layer->index];
}

void hard_links_lock(struct union_fs *fs)
{
	pthread_mutex_lock(&fs->hard_links.lock);
}

void hard_links_unlock(struct union_fs *fs)
{
	pthread_mutex_unlock(&fs->hard_links.lock);
}

/* -- counting -- */

struct link_counts {
	int32_t gone;
	uint32_t lower;
};

static struct link_counts counts_of(struct union_fs *fs, const struct hard_link *link)
{
	struct link_counts counts;

	pthread_mutex_lock(&fs->hard_links.lock);
	counts = (struct link_counts){ link->gone, link->lower_links };
	pthread_mutex_unlock(&fs->hard_links.lock);
	return counts;
}

/*
 * The counts with a copy in the upper. What a lower layer's index told of layers still lower was the same
 * file: its names there and those in that layer now are names below the upper.
 */
static struct link_counts counts_with_copy(const struct union_fs *fs, const struct hard_link *link,
					   uint32_t below)
{
	int64_t lower = (int64_t)link->lower_links - link->gone + below - 1;

	if (!link->layer || link->layer == fs->upper)
		return (struct link_counts){ link->gone, link->lower_links };
	return (struct link_counts){ 0, lower > 0 ? (uint32_t)lower : 0 };
}

/* Replaces the record of the counts by one rename. */
static int write_counts(struct union_fs *fs, const struct hard_link *link,
			struct link_counts counts)
{
	char temporary[WORK_NAME_MAX], name[HARD_LINK_NAME_MAX], text[32];
	int error;

	work_new_name(&fs->work, temporary);
	name_of_counts(link, name);
	(void)snprintf(text, sizeof(text), "%" PRId32 ":%" PRIu32, counts.gone, counts.lower);
	if (symlinkat(text, fs->work.fd, temporary) < 0)
		return -errno;
	if (renameat(fs->work.fd, temporary, fs->work.index_fd, name) == 0)
		return 0;
	error = -errno;
	(void)unlinkat(fs->work.fd, temporary, 0);
	return error;
}

void hard_link_count_gone(struct union_fs *fs, struct hard_link *link)
{
	pthread_mutex_lock(&fs->hard_links.lock);
	link->gone++;
	pthread_mutex_unlock(&fs->hard_links.lock);
	(void)write_counts(fs, link, counts_of(fs, link));
}

uint32_t hard_link_shown(struct union_fs *fs, struct hard_link *link, const struct layer *layer,
			 uint32_t links)
{
	int64_t shown;

	pthread_mutex_lock(&fs->hard_links.lock);
	shown = (int64_t)link->lower_links - link->gone;
	if (link->layer && link->layer == layer)
		shown += (int64_t)links - 1;
	/* Copied up since the caller looked: the copy's links are not known here, but there are some. */
	else if (link->layer && shown <= 0)
		shown = 1;
	pthread_mutex_unlock(&fs->hard_links.lock);
	return shown > 0 ? (uint32_t)shown : 0;
}

/* -- the copy -- */

/* The counts come first: without them the copy would show no links, and be taken for the last. */
int hard_link_enter(struct union_fs *fs, struct hard_link *link, uint32_t below,
		    const char *temporary)
{
	char name[HARD_LINK_NAME_MAX];
	struct link_counts counts;
	int error;

	pthread_mutex_lock(&fs->hard_links.lock);
	counts = counts_with_copy(fs, link, below);
	pthread_mutex_unlock(&fs->hard_links.lock);
	error = write_counts(fs, link, counts);
	if (error)
		return error;
	name_of_copy(link, name);
	/* A leftover of a crash before the first name appeared is worth nothing. */
	(void)unlinkat(fs->work.index_fd, name, 0);
	if (linkat(fs->work.fd, temporary, fs->work.index_fd, name, 0) == 0)
		return 0;
	error = -errno;
	(void)write_counts(fs, link, counts_of(fs, link));
	return error;
}

void hard_link_publish(struct union_fs *fs, struct hard_link *link, uint32_t below)
{
	struct link_counts counts = counts_with_copy(fs, link, below);

	link->gone = counts.gone;
	link->lower_links = counts.lower;
	link->layer = fs->upper;
}

void hard_link_withdraw(struct union_fs *fs, struct hard_link *link)
{
	char name[HARD_LINK_NAME_MAX];

	name_of_copy(link, name);
	(void)unlinkat(fs->work.index_fd, name, 0);
	(void)write_counts(fs, link, counts_of(fs, link));
}

void hard_link_remove(struct union_fs *fs, struct hard_link *link)
{
	char name[HARD_LINK_NAME_MAX];

	name_of_copy(link, name);
	(void)unlinkat(fs->work.index_fd, name, 0);
	name_of_counts(link, name);
	(void)unlinkat(fs->work.index_fd, name, 0);
	/* Whoever has it open still reads the copy that a lower layer's index has. */
	pthread_mutex_lock(&fs->hard_links.lock);
	if (link->layer == fs->upper)
		link->layer = NULL;
	pthread_mutex_unlock(&fs->hard_links.lock);
}
