/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/counts.h"

#include "base/number_set.h"
#include "union/look/difference.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct explore_counts {
	struct union_fs *fs;
	unsigned layer_count;
	pthread_t thread;
	atomic_bool cancelled, done;
	pthread_mutex_t lock;		     /* guards layers */
	struct explore_layer_counts *layers; /* owned */
	/* Of the thread alone: */
	struct number_set
		*seen; /* for each layer, its files with several names that were counted as shown */
	uint64_t *shown; /* for each layer */
};

/* -- the thread -- */

static void count_layer(struct explore_counts *counts, unsigned index)
{
	struct layer_counting *counting;
	int result = layer_counting_begin(counts->fs, index, &counting);

	if (result < 0)
		return;
	do {
		result = layer_counting_step(counting);
		pthread_mutex_lock(&counts->lock);
		counts->layers[index].counts = *layer_counting_counts(counting);
		counts->layers[index].counted = result <= 0;
		pthread_mutex_unlock(&counts->lock);
	} while (result > 0 && !counts->cancelled);
	layer_counting_end(counting);
}

static int add_shown(void *context, const struct difference_visit *visit)
{
	struct explore_counts *counts = context;
	const struct union_entry *entry = &visit->item->with;
	struct union_source source;
	int new = 1;

	if (counts->cancelled)
		return -ECANCELED;
	if (!S_ISREG(entry->attributes.mode))
		return 0;
	union_get_source(entry->inode, &source);
	if (entry->attributes.links > 1)
		new = number_set_add(&counts->seen[source.layer], source.inode);
	if (new > 0)
		counts->shown[source.layer] += entry->attributes.size;
	return new < 0 ? new : 0;
}

/* Nothing of it is shown then. */
static int pass_over(void *context, const char *path, int error)
{
	(void)context;
	(void)path;
	(void)error;
	return 0;
}

static void count_shown(struct explore_counts *counts)
{
	const struct difference all = { .with = counts->fs };
	const struct difference_visitor visitor = { add_shown, pass_over, counts };

	if (difference_walk(&all, union_root(counts->fs), NULL, &visitor) < 0)
		return;
	pthread_mutex_lock(&counts->lock);
	for (unsigned i = 0; i < counts->layer_count; i++) {
		counts->layers[i].shown = counts->shown[i];
		counts->layers[i].shown_counted = true;
	}
	pthread_mutex_unlock(&counts->lock);
}

static void *count(void *context)
{
	struct explore_counts *counts = context;

	for (unsigned i = 0; i < counts->layer_count && !counts->cancelled; i++)
		count_layer(counts, i);
	if (!counts->cancelled)
		count_shown(counts);
	counts->done = true;
	return NULL;
}

/* -- for others -- */

static void release(struct explore_counts *counts)
{
	for (unsigned i = 0; counts->seen && i < counts->layer_count; i++)
		number_set_free(&counts->seen[i]);
	free(counts->seen);
	free(counts->shown);
	free(counts->layers);
	free(counts);
}

int explore_counts_begin(struct union_fs *fs, struct explore_counts **ret_counts)
{
	struct explore_counts *counts = calloc(1, sizeof(*counts));
	int error;

	if (!counts)
		return -ENOMEM;
	counts->fs = fs;
	counts->layer_count = union_layer_count(fs);
	counts->layers = calloc(counts->layer_count, sizeof(*counts->layers));
	counts->seen = calloc(counts->layer_count, sizeof(*counts->seen));
	counts->shown = calloc(counts->layer_count, sizeof(*counts->shown));
	error = counts->layers && counts->seen && counts->shown ? 0 : -ENOMEM;
	(void)pthread_mutex_init(&counts->lock, NULL);
	if (!error)
		error = -pthread_create(&counts->thread, NULL, count, counts);
	if (error) {
		release(counts);
		return error;
	}
	*ret_counts = counts;
	return 0;
}

void explore_counts_end(struct explore_counts *counts)
{
	if (!counts)
		return;
	counts->cancelled = true;
	(void)pthread_join(counts->thread, NULL);
	release(counts);
}

void explore_counts_get(struct explore_counts *counts, unsigned layer,
			struct explore_layer_counts *ret_counts)
{
	pthread_mutex_lock(&counts->lock);
	*ret_counts = counts->layers[layer];
	pthread_mutex_unlock(&counts->lock);
}

bool explore_counts_are_going_on(struct explore_counts *counts)
{
	return !counts->done;
}
