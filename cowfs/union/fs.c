/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/fs.h"

#include "base/hash.h"
#include "base/own_mount.h"
#include "union/directory/directory.h"
#include "union/stack.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define INITIAL_BUCKETS 64
/* Standard ones, FUSE's, our state's, and a few at a time that are being worked with. */
#define OTHER_DESCRIPTORS 40
#define DESCRIPTORS_MIN 8

static int init_tables(struct union_fs *fs)
{
	pthread_rwlock_init(&fs->topology, NULL);
	pthread_mutex_init(&fs->listings.lock, NULL);
	list_init(&fs->listings.directories);
	for (size_t i = 0; i < POSITION_LOCKS; i++)
		pthread_mutex_init(&fs->positions[i], NULL);
	for (size_t i = 0; i < INODE_SHARDS; i++) {
		struct inode_shard *shard = &fs->inodes[i];

		pthread_mutex_init(&shard->lock, NULL);
		shard->bucket_count = INITIAL_BUCKETS;
		shard->buckets = calloc(INITIAL_BUCKETS, sizeof(struct inode *));
		if (!shard->buckets)
			return -ENOMEM;
	}
	return 0;
}

/* What is left for the cache where few descriptors are allowed: each layer keeps one open. */
static size_t descriptor_budget(const struct union_options *options)
{
	size_t budget = options->descriptors ? options->descriptors : DEFAULT_DESCRIPTORS;
	size_t taken = options->lower_count + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= budget + taken)
		return budget;
	return limit.rlim_cur > taken + DESCRIPTORS_MIN ? limit.rlim_cur - taken : DESCRIPTORS_MIN;
}

static int init(struct union_fs *fs, const struct union_options *options)
{
	fs->has_upper = options->upper != NULL;
	fs->dialect = options->dialect;
	fs->redirect = options->redirect;
	if (fs->redirect == REDIRECT_DEFAULT)
		fs->redirect = options->dialect == WHITEOUT_OVERLAY ? REDIRECT_COPY : REDIRECT_ON;
	fs->volatile_upper = options->volatile_upper;
	fs->read_only = options->read_only;
	fs->no_xattr = options->no_xattr;
	fs->changing = options->changing;
	fs->static_nlink = options->static_nlink;
	fs->no_atime = options->no_atime;
	fs->ownership = options->ownership;
	fs->process_uid = geteuid();
	fs->process_gid = getegid();
	fs->seed = hash_random_seed();
	fs->listings.budget =
		options->listing_bytes ? options->listing_bytes : DEFAULT_LISTING_BYTES;
	work_init(&fs->work);
	unsynced_init(&fs->unsynced);
	devices_init(&fs->devices);
	if (init_tables(fs) < 0)
		return -ENOMEM;
	return fd_cache_create(descriptor_budget(options), &fs->fds);
}

static int open_layer(struct union_fs *fs, const struct union_options *options, const char *path,
		      bool upper, struct problem *problem)
{
	struct layer_options layer_options = {
		.index = fs->layer_count,
		.writable = upper,
		.dialect = options->dialect,
		.no_xattr = options->no_xattr,
		.ownership = &fs->ownership,
		.fds = fs->fds,
	};
	struct layer *layer;
	int error = layer_open(path, &layer_options, &layer, problem);

	if (error)
		return error;
	fs->layers[fs->layer_count++] = layer;
	if (upper)
		fs->upper = layer;
	return 0;
}

static int open_layers(struct union_fs *fs, const struct union_options *options,
		       struct problem *problem)
{
	size_t count = options->lower_count + (options->upper != NULL);
	int error = 0;

	/* One layer may be looked at alone. */
	if (!options->lower_count && !(options->upper && options->only_look))
		return problem_set(problem, -EINVAL, "no lower layer was given");
	if (count > UNION_LAYERS_MAX)
		return problem_set(problem, -EINVAL, "%zu layers were given; %d is the most", count,
				   UNION_LAYERS_MAX);
	fs->layers = calloc(count, sizeof(struct layer *));
	fs->cannot_clone = calloc(count, sizeof(*fs->cannot_clone));
	if (!fs->layers || !fs->cannot_clone)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (options->upper)
		error = open_layer(fs, options, options->upper, !options->only_look, problem);
	for (size_t i = 0; !error && i < options->lower_count; i++)
		error = open_layer(fs, options, options->lowers[i], false, problem);
	stack_tell_apart(fs->layers, fs->layer_count);
	for (unsigned i = 0; !error && i < fs->layer_count; i++)
		(void)devices_index(&fs->devices, fs->layers[i]->device);
	return error;
}

static int take_own_mounts(struct union_fs *fs, struct problem *problem)
{
	for (unsigned i = fs->upper ? 1 : 0; i < fs->layer_count; i++) {
		const struct layer *layer = fs->layers[i];
		int error = own_mount_take(layer->root_fd);

		if (error)
			return problem_set(problem, error,
					   "layer \"%s\": cannot be given a mount of its own: %s",
					   layer->path, strerror(-error));
	}
	return 0;
}

static int open_state(struct union_fs *fs, const struct union_options *options,
		      struct problem *problem)
{
	int error;

	if (options->upper && options->only_look)
		return work_look(&fs->work, fs->layers[0], options->workdir, problem);
	if (!fs->upper)
		return 0;
	error = work_open(&fs->work, fs->upper, options->workdir, !options->read_only, problem);
	if (error)
		return error;
	/* Redirects are honoured in layers that have the state directory: make it, as a mark. */
	if (options->workdir && fs->redirect == REDIRECT_ON)
		(void)mkdirat(fs->upper->root_fd, STATE_DIRECTORY, 0700);
	if (!options->workdir || fs->redirect == REDIRECT_ON)
		fs->upper->has_state = true;
	return 0;
}

static int make_root(struct union_fs *fs)
{
	struct inode *root = inode_new(DT_DIR);
	struct layer *top = fs->layers[0];
	struct directory *directory;
	unsigned first = fs->upper ? 1 : 0;

	if (!root)
		return -ENOMEM;
	directory = root->directory;
	root->identity = (struct identity){
		.inode = top->root_inode,
		.device = devices_index(&fs->devices, top->device),
	};
	root->number = devices_inode_number(root->identity.device, root->identity.inode);
	if (fs->upper)
		directory->upper = layer_dir_ref(fs->upper->root);
	directory->lowers = calloc(fs->layer_count, sizeof(struct layer_dir *));
	if (!directory->lowers) {
		inode_unref(fs, root, 1);
		return -ENOMEM;
	}
	for (unsigned i = first; i < fs->layer_count; i++)
		directory->lowers[directory->lower_count++] = layer_dir_ref(fs->layers[i]->root);
	fs->root = inode_enter(fs, root);
	return 0;
}

static void warn(const struct union_fs *fs, struct problem *warning)
{
	if (fs->upper && !fs->no_xattr && fs->upper->xattr_namespace == XATTR_NAMESPACE_NONE)
		(void)problem_set(warning, 0,
				  "upper directory \"%s\": its file system keeps no extended "
				  "attributes; those of changed files are lost, and inode numbers "
				  "of changed files may be others at the next mount",
				  fs->upper->path);
}

int union_open(const struct union_options *options, struct union_fs **ret_fs,
	       struct problem *problem, struct problem *warning)
{
	struct union_fs *fs = calloc(1, sizeof(*fs));
	int error;

	if (!fs)
		return problem_set(problem, -ENOMEM, "out of memory");
	error = init(fs, options);
	if (error)
		(void)problem_set(problem, error, "out of memory");
	if (!error)
		error = open_layers(fs, options, problem);
	if (!error)
		error = stack_check(fs->layers, fs->layer_count, options->mountpoint,
				    options->upper ? options->workdir : NULL, problem);
	/* Now that it is known where they lie: from within, that cannot be seen. */
	if (!error && options->own_mounts)
		error = take_own_mounts(fs, problem);
	if (!error)
		error = open_state(fs, options, problem);
	if (!error) {
		error = hard_links_open(fs);
		if (!error)
			error = make_root(fs);
		if (error)
			(void)problem_set(problem, error, "cannot read the hard-link index: %s",
					  strerror(-error));
	}
	if (!error && fs->upper)
		error = unsynced_open(fs, problem, warning);
	if (error) {
		union_close(fs);
		return error;
	}
	warn(fs, warning);
	*ret_fs = fs;
	return 0;
}

void union_close(struct union_fs *fs)
{
	if (!fs)
		return;
	work_announce_end(&fs->work);
	unsynced_close(fs);
	inode_table_free(fs);
	if (fs->hard_links.index_fds)
		hard_links_close(fs);
	work_close(&fs->work);
	for (unsigned i = 0; i < fs->layer_count; i++)
		layer_close(fs->layers[i]);
	free(fs->layers);
	free(fs->cannot_clone);
	fd_cache_destroy(fs->fds);
	devices_free(&fs->devices);
	free(fs);
}

void union_observe(struct union_fs *fs, union_observer *observer, void *context)
{
	fs->observer = observer;
	fs->observer_context = context;
}

struct inode *union_root(struct union_fs *fs)
{
	return fs->root;
}

void union_forget(struct union_fs *fs, struct inode *inode, uint64_t count)
{
	if (inode != fs->root)
		inode_unref(fs, inode, count);
}

void union_count(struct union_fs *fs, struct union_counts *ret_counts)
{
	struct union_counts counts = {
		.layers = fs->layer_count,
		.copied_up_files = fs->copied_up_files,
		.copied_up_bytes = fs->copied_up_bytes,
		.unsynced_files = unsynced_count(fs),
	};

	for (size_t i = 0; i < INODE_SHARDS; i++) {
		pthread_mutex_lock(&fs->inodes[i].lock);
		counts.inodes += fs->inodes[i].inode_count;
		pthread_mutex_unlock(&fs->inodes[i].lock);
	}
	pthread_mutex_lock(&fs->listings.lock);
	counts.listings = fs->listings.count;
	counts.listing_bytes = fs->listings.bytes;
	pthread_mutex_unlock(&fs->listings.lock);
	/* Beside the cache: a root for each layer, and the state's. */
	counts.descriptors = fd_cache_count(fs->fds) + fs->layer_count;
	if (fs->upper)
		counts.descriptors += fs->unsynced.fd >= 0 ? 5 : 4;
	*ret_counts = counts;
}
