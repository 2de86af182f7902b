/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of the stress test and what each of them does. */
#include "stress.h"
#include "support.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>

/* References that a thread holds, as the kernel does for what it has cached. */
#define SLOTS 16

struct held {
	struct inode *inode; /* NULL: none */
	uint64_t number;
	mode_t type;
};

struct worker {
	struct stress *stress;
	struct union_fs *fs;
	struct random random;
	unsigned index;
	struct held slots[SLOTS];
	pthread_t thread;
};

/* -- which numbers are in use: of two inodes at a time, one may not have the other's -- */

struct known_number {
	uint64_t number;
	struct inode *inode;
	unsigned count;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct known_number registry[THREADS_MAX * (SLOTS + 1)];
static size_t registry_count;

static void registry_enter(struct stress *stress, uint64_t number, struct inode *inode)
{
	struct known_number *known = registry;

	if (stress->quiet_registry)
		return;
	pthread_mutex_lock(&registry_lock);
	while (known < registry + registry_count &&
	       (known->number != number || known->inode != inode)) {
		if (known->number == number)
			stress_complain(stress, "two inodes have number %ju", (uintmax_t)number);
		known++;
	}
	if (known == registry + registry_count) {
		*known = (struct known_number){ number, inode, 0 };
		registry_count++;
	}
	known->count++;
	pthread_mutex_unlock(&registry_lock);
}

static void registry_leave(struct stress *stress, uint64_t number, const struct inode *inode)
{
	struct known_number *known = registry;

	if (stress->quiet_registry)
		return;
	pthread_mutex_lock(&registry_lock);
	while (known->number != number || known->inode != inode)
		known++;
	if (--known->count == 0)
		*known = registry[--registry_count];
	pthread_mutex_unlock(&registry_lock);
}

/* -- references -- */

static void drop(struct worker *worker, struct held *held)
{
	if (!held->inode)
		return;
	registry_leave(worker->stress, held->number, held->inode);
	union_forget(worker->fs, held->inode, 1);
	held->inode = NULL;
}

/* Keeps the entry's reference in a slot; what was there goes. */
static void keep(struct worker *worker, const struct union_entry *entry)
{
	struct held *held = &worker->slots[random_below(&worker->random, SLOTS)];

	drop(worker, held);
	*held = (struct held){ entry->inode, entry->attributes.inode,
			       entry->attributes.mode & S_IFMT };
	registry_enter(worker->stress, held->number, held->inode);
}

/* A held inode of this type (0: of any), or NULL. */
static struct held *pick(struct worker *worker, mode_t type)
{
	unsigned start = random_below(&worker->random, SLOTS);

	for (unsigned i = 0; i < SLOTS; i++) {
		struct held *held = &worker->slots[(start + i) % SLOTS];

		if (held->inode && (type == 0 || held->type == type))
			return held;
	}
	return NULL;
}

static struct inode *pick_directory(struct worker *worker)
{
	struct held *held = pick(worker, S_IFDIR);

	return held && random_percent(&worker->random, 75) ? held->inode : union_root(worker->fs);
}

static const char *pick_name(struct worker *worker)
{
	return stress_names[random_below(&worker->random, STRESS_NAMES)];
}

/* Errors that no contest between threads explains. */
static void judge(struct worker *worker, const char *what, long result)
{
	switch (-result) {
	case ESTALE:
		worker->stress->stale++;
		break;
	case EBADF:
	case EIO:
	case EFAULT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EOVERFLOW:
	case EACCES:
	case EXDEV:
	case EAGAIN:
	case EROFS:
		stress_complain(worker->stress, "%s answers %s", what,
				strerrorname_np((int)-result));
	}
}

/* -- operations -- */

static void do_lookup(struct worker *worker)
{
	struct union_entry entry;
	int error = union_lookup(worker->fs, pick_directory(worker), pick_name(worker), &entry);

	judge(worker, "lookup", error);
	if (!error)
		keep(worker, &entry);
}

struct page {
	struct worker *worker;
	uint64_t cookie;
	unsigned room;
};

static int take_dirent(void *context, const struct union_dirent *dirent)
{
	struct page *page = context;

	if (page->room == 0)
		return 1;
	if (dirent->cookie <= page->cookie)
		stress_complain(page->worker->stress, "cookies do not rise");
	if (dirent->entry && dirent->entry->attributes.inode != dirent->ino)
		stress_complain(page->worker->stress, "d_ino is not st_ino");
	page->cookie = dirent->cookie;
	page->room--;
	if (dirent->entry)
		keep(page->worker, dirent->entry);
	return 0;
}

static void do_readdir(struct worker *worker)
{
	struct held *held = pick(worker, S_IFDIR);
	struct inode *dir = held ? held->inode : union_root(worker->fs);
	struct page page = { .worker = worker };
	bool details = random_percent(&worker->random, 50);
	uint64_t number = held ? held->number : 0;
	uint64_t before;
	int error;

	/* What is found may push the directory itself out of its slot. */
	if (held)
		*held = (struct held){ 0 };
	do {
		before = page.cookie;
		page.room = 1 + random_below(&worker->random, 4);
		error = union_readdir(worker->fs, dir, before, details, take_dirent, &page);
		judge(worker, "readdir", error);
	} while (!error && page.cookie != before);
	if (dir == union_root(worker->fs))
		return;
	registry_leave(worker->stress, number, dir);
	union_forget(worker->fs, dir, 1);
}

static void do_getattr(struct worker *worker)
{
	struct held *held = pick(worker, 0);
	struct attributes attributes;
	int error = held ? union_getattr(worker->fs, held->inode, &attributes) : -ENOENT;

	judge(worker, "getattr", error);
	if (!error && attributes.inode != held->number)
		stress_complain(worker->stress, "an inode number changed");
	if (!error && (attributes.mode & S_IFMT) != held->type)
		stress_complain(worker->stress, "an inode changed its type");
}

static void do_setattr(struct worker *worker)
{
	struct held *held = pick(worker, 0);
	struct union_change change = { .what = 1U << random_below(&worker->random, 6) };
	struct attributes attributes;
	int error;

	change.mode = 0600 | random_below(&worker->random, 0200);
	change.uid = random_below(&worker->random, 3);
	change.gid = random_below(&worker->random, 3);
	change.size = random_below(&worker->random, RECORDS_MAX + 1) * RECORD_SIZE;
	change.mtime.tv_sec = random_below(&worker->random, 1000000);
	change.atime.tv_nsec = UTIME_NOW;
	error = held ? union_setattr(worker->fs, held->inode, &change, &attributes) : -ENOENT;
	judge(worker, "setattr", error);
	if (!error && attributes.inode != held->number)
		stress_complain(worker->stress, "an inode number changed");
}

static void do_read(struct worker *worker)
{
	uint64_t words[RECORD_WORDS * RECORDS_MAX];
	struct held *held = pick(worker, S_IFREG);
	ssize_t size = held ? union_read(worker->fs, held->inode, words, sizeof(words), 0) : 0;

	judge(worker, "read", size);
	if (size > 0 && !record_check(words, (size_t)size, held->number, false))
		stress_complain(worker->stress, "file %ju holds bytes of another",
				(uintmax_t)held->number);
}

static void write_record(struct worker *worker, struct inode *inode, uint64_t number, unsigned at)
{
	uint64_t words[RECORD_WORDS];
	ssize_t size;

	record_fill(words, number, ++worker->stress->serial);
	size = union_write(worker->fs, inode, words, sizeof(words), at * RECORD_SIZE, false);
	judge(worker, "write", size);
	if (size >= 0 && size != RECORD_SIZE)
		stress_complain(worker->stress, "a short write");
}

static void do_write(struct worker *worker)
{
	struct held *held = pick(worker, S_IFREG);

	if (held)
		write_record(worker, held->inode, held->number,
			     random_below(&worker->random, RECORDS_MAX));
}

static void do_create(struct worker *worker)
{
	const struct union_caller caller = { .umask = 022 };
	struct inode *dir = pick_directory(worker);
	const char *name = pick_name(worker);
	struct union_entry entry;
	int error;

	switch (random_below(&worker->random, 6)) {
	case 0:
	case 1:
		error = union_mkdir(worker->fs, dir, name, 0755, &caller, &entry);
		break;
	case 2:
		error = union_symlink(worker->fs, dir, name, "a/b", &caller, &entry);
		break;
	case 3:
		error = union_mknod(worker->fs, dir, name, S_IFIFO | 0600, 0, &caller, &entry);
		break;
	default:
		error = union_mknod(worker->fs, dir, name, S_IFREG | 0600, 0, &caller, &entry);
	}
	judge(worker, "create", error);
	if (!error)
		keep(worker, &entry);
}

static void do_tmpfile(struct worker *worker)
{
	const struct union_caller caller = { .umask = 022 };
	struct union_entry entry, linked;
	int error = union_tmpfile(worker->fs, pick_directory(worker), 0644, &caller, &entry);

	judge(worker, "tmpfile", error);
	if (error)
		return;
	keep(worker, &entry);
	write_record(worker, entry.inode, entry.attributes.inode, 0);
	error = union_link(worker->fs, entry.inode, pick_directory(worker), pick_name(worker),
			   &linked);
	judge(worker, "link of a tmpfile", error);
	if (!error)
		keep(worker, &linked);
}

static void do_link(struct worker *worker)
{
	struct held *held = pick(worker, random_percent(&worker->random, 80) ? S_IFREG : 0);
	struct union_entry entry;
	int error = held ? union_link(worker->fs, held->inode, pick_directory(worker),
				      pick_name(worker), &entry)
			 : -ENOENT;

	judge(worker, "link", error);
	if (!error && entry.attributes.inode != held->number)
		stress_complain(worker->stress, "a link is another file");
	if (!error)
		keep(worker, &entry);
}

static void do_unlink(struct worker *worker)
{
	judge(worker, "unlink",
	      union_unlink(worker->fs, pick_directory(worker), pick_name(worker)));
}

static void do_rmdir(struct worker *worker)
{
	judge(worker, "rmdir", union_rmdir(worker->fs, pick_directory(worker), pick_name(worker)));
}

static void do_rename(struct worker *worker)
{
	static const unsigned flags[] = {
		0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT
	};

	judge(worker, "rename",
	      union_rename(worker->fs, pick_directory(worker), pick_name(worker),
			   pick_directory(worker), pick_name(worker),
			   flags[random_below(&worker->random, 6)]));
}

static void do_xattr(struct worker *worker)
{
	struct held *held = pick(worker, 0);
	char value[64];
	ssize_t result;

	if (!held)
		return;
	switch (random_below(&worker->random, 4)) {
	case 0:
		result = union_getxattr(worker->fs, held->inode, "user.u", value, sizeof(value));
		break;
	case 1:
		result = union_listxattr(worker->fs, held->inode, value, sizeof(value));
		break;
	case 2:
		result = union_removexattr(worker->fs, held->inode, "user.u");
		break;
	default:
		result = union_setxattr(worker->fs, held->inode, "user.u", "u", 1, 0);
	}
	judge(worker, "xattr", result);
}

static void do_other(struct worker *worker)
{
	cleanup_buffer struct buffer target = BUFFER_INIT;
	struct held *held = pick(worker, 0);

	if (!held)
		return;
	if (held->type == S_IFLNK)
		judge(worker, "readlink", union_readlink(worker->fs, held->inode, &target));
	else
		judge(worker, "fsync", union_fsync(worker->fs, held->inode, true));
}

static void do_forget(struct worker *worker)
{
	for (unsigned i = random_below(&worker->random, SLOTS); i < SLOTS; i++)
		drop(worker, &worker->slots[i]);
}

static void do_something(struct worker *worker)
{
	static const struct {
		unsigned weight;
		void (*function)(struct worker *worker);
	} choices[] = {
		{ 24, do_lookup }, { 6, do_readdir }, { 6, do_getattr }, { 6, do_setattr },
		{ 8, do_read },	   { 8, do_write },   { 10, do_create }, { 2, do_tmpfile },
		{ 5, do_link },	   { 7, do_unlink },  { 3, do_rmdir },	 { 10, do_rename },
		{ 4, do_xattr },   { 2, do_other },   { 2, do_forget },
	};
	unsigned drawn, total = 0;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		total += choices[i].weight;
	drawn = random_below(&worker->random, total);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (drawn < choices[i].weight) {
			choices[i].function(worker);
			return;
		}
		drawn -= choices[i].weight;
	}
}

/* -- threads -- */

/* Walks down a path; the inode with a reference, or NULL. */
static struct inode *walk_to(struct worker *worker, const char *path, uint64_t *number)
{
	char name[NAME_MAX + 1];
	struct inode *inode = union_root(worker->fs);

	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		struct union_entry entry;
		int error;

		memcpy(name, path, length);
		name[length] = '\0';
		path += length + (path[length] == '/');
		error = union_lookup(worker->fs, inode, name, &entry);
		union_forget(worker->fs, inode, 1);
		if (error) {
			stress_complain(worker->stress, "lookup of %s: %s", name, strerror(-error));
			return NULL;
		}
		inode = entry.inode;
		*number = entry.attributes.inode;
	}
	return inode;
}

/* All threads write to the same files at the same time, which are copied up by one of them. */
static void write_all_together(struct worker *worker)
{
	struct stress *stress = worker->stress;

	for (size_t i = 0; i < stress->file_count; i++) {
		uint64_t number = 0;
		struct inode *inode = walk_to(worker, stress->files[i], &number);

		pthread_barrier_wait(&stress->start);
		if (!inode)
			continue;
		write_record(worker, inode, number, worker->index % RECORDS_MAX);
		union_forget(worker->fs, inode, 1);
	}
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct stress *stress = worker->stress;

	pthread_barrier_wait(&stress->start);
	if (stress->files)
		write_all_together(worker);
	else
		for (size_t i = 0; i < stress->operations && stress->failures == 0; i++)
			do_something(worker);
	for (unsigned i = 0; i < SLOTS; i++)
		drop(worker, &worker->slots[i]);
	return NULL;
}

void stress_run(struct stress *stress)
{
	static struct worker workers[THREADS_MAX];

	pthread_barrier_init(&stress->start, NULL, stress->threads);
	for (unsigned i = 0; i < stress->threads; i++) {
		workers[i] = (struct worker){ .stress = stress,
					      .fs = stress->fs,
					      .index = i,
					      .random = { stress->seed * THREADS_MAX + i } };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			give_up("cannot make threads");
	}
	for (unsigned i = 0; i < stress->threads; i++)
		(void)pthread_join(workers[i].thread, NULL);
	(void)pthread_barrier_destroy(&stress->start);
}
