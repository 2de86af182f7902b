/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares snapshots and tells every difference in one line. */
#include "snapshot.h"
#include "support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct identity {
	uint64_t plain, seen;
	struct timespec birth;
};

void identities_clear(struct identities *identities)
{
	free(identities->known);
	*identities = (struct identities){ 0 };
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* From this run; the kernel's clock for files ticks coarsely, so a little earlier is as good. */
static bool is_recent(const struct comparison *comparison, struct timespec time)
{
	return time.tv_sec >= comparison->start.tv_sec - 1 &&
	       time.tv_sec <= comparison->start.tv_sec + 3600;
}

/* Starts a line about one path; the stream to go on with. */
static FILE *about(const struct comparison *comparison, const char *path)
{
	print_name(comparison->report, path);
	return comparison->report;
}

static bool same_number(const struct comparison *comparison, const char *path, const char *what,
			uint64_t plain, uint64_t seen, const char *format)
{
	char numbers[2][32];

	if (plain == seen)
		return true;
	(void)snprintf(numbers[0], sizeof(numbers[0]), *format == 'o' ? "%" PRIo64 : "%" PRIu64,
		       plain);
	(void)snprintf(numbers[1], sizeof(numbers[1]), *format == 'o' ? "%" PRIo64 : "%" PRIu64,
		       seen);
	fprintf(about(comparison, path), ": %s should be %s, is %s\n", what, numbers[0],
		numbers[1]);
	return false;
}

static bool same_text(const struct comparison *comparison, const char *path, const char *what,
		      const char *plain, const char *seen)
{
	plain = plain ? plain : "";
	seen = seen ? seen : "";
	if (strcmp(plain, seen) == 0)
		return true;
	fprintf(about(comparison, path), ": %s should be <%s>, is <%s>\n", what, plain, seen);
	return false;
}

static bool same_data(const struct comparison *comparison, const struct snapshot_entry *plain,
		      const struct snapshot_entry *seen)
{
	if (!plain->data || !seen->data || plain->size != seen->size)
		return true; /* told already, by the type or the size */
	for (uint64_t i = 0; i < plain->size; i++) {
		if (plain->data[i] == seen->data[i])
			continue;
		fprintf(about(comparison, plain->path),
			": byte %" PRIu64 " of %" PRIu64 " should be %#x, is %#x\n", i, plain->size,
			plain->data[i], seen->data[i]);
		return false;
	}
	return true;
}

static bool same_mtime(const struct comparison *comparison, const struct snapshot_entry *plain,
		       const struct snapshot_entry *seen)
{
	if (same_time(plain->mtime, seen->mtime))
		return true;
	if (is_recent(comparison, plain->mtime) && is_recent(comparison, seen->mtime))
		return true;
	/* The union keeps its state in the upper's root, whose time may tell. */
	if (*plain->path == '\0')
		return true;
	fprintf(about(comparison, plain->path), ": mtime should be %jd.%09ld, is %jd.%09ld\n",
		(intmax_t)plain->mtime.tv_sec, plain->mtime.tv_nsec, (intmax_t)seen->mtime.tv_sec,
		seen->mtime.tv_nsec);
	return false;
}

static struct identity *find_identity(const struct identities *identities,
				      const struct snapshot_entry *plain)
{
	for (size_t i = 0; i < identities->count; i++)
		if (identities->known[i].plain == plain->inode &&
		    same_time(identities->known[i].birth, plain->birth))
			return &identities->known[i];
	return NULL;
}

static bool same_identity(const struct comparison *comparison, const struct snapshot_entry *plain,
			  const struct snapshot_entry *seen)
{
	struct identities *identities = comparison->identities;
	struct identity *known;

	if (!identities)
		return true;
	known = find_identity(identities, plain);
	if (known)
		return same_number(comparison, plain->path, "inode number", known->seen,
				   seen->inode, "u");
	if (identities->count == identities->capacity) {
		identities->capacity = identities->capacity * 2 + 64;
		identities->known =
			must_reallocate(identities->known, identities->capacity * sizeof(*known));
	}
	identities->known[identities->count++] =
		(struct identity){ plain->inode, seen->inode, plain->birth };
	return true;
}

static bool same_entry(const struct comparison *comparison, const struct snapshot_entry *plain,
		       const struct snapshot_entry *seen)
{
	const char *path = plain->path;
	bool same = true;

	same &= same_number(comparison, path, "mode", plain->mode, seen->mode, "o");
	same &= same_number(comparison, path, "owner", plain->uid, seen->uid, "u");
	same &= same_number(comparison, path, "group", plain->gid, seen->gid, "u");
	same &= same_number(comparison, path, "size", plain->size, seen->size, "u");
	/* A merged directory may say, as in the kernel's overlayfs, that nobody counted. */
	if (!S_ISDIR(plain->mode) || seen->links != 1)
		same &= same_number(comparison, path, "links", plain->links, seen->links, "u");
	same &= same_number(comparison, path, "device", plain->rdev, seen->rdev, "u");
	same &= same_text(comparison, path, "target", plain->target, seen->target);
	same &= same_text(comparison, path, "attributes", plain->xattrs, seen->xattrs);
	same &= same_data(comparison, plain, seen);
	same &= same_mtime(comparison, plain, seen);
	same &= same_identity(comparison, plain, seen);
	return same;
}

static int compare_inodes(const void *a, const void *b)
{
	const struct snapshot_entry *const *left = a, *const *right = b;

	return (*left)->inode < (*right)->inode ? -1 : (*left)->inode > (*right)->inode;
}

/* No two files with one number: entries of plain and seen are in the same order here. */
static bool numbers_are_unique(const struct snapshot *plain, const struct snapshot *seen,
			       const struct comparison *comparison)
{
	const struct snapshot_entry **sorted;
	bool unique = true;

	if (!comparison->identities)
		return true;
	sorted = must_reallocate(NULL, seen->count * sizeof(*sorted));
	for (size_t i = 0; i < seen->count; i++)
		sorted[i] = &seen->entries[i];
	qsort(sorted, seen->count, sizeof(*sorted), compare_inodes);
	for (size_t i = 1; i < seen->count; i++) {
		const struct snapshot_entry *a = &plain->entries[sorted[i - 1] - seen->entries];
		const struct snapshot_entry *b = &plain->entries[sorted[i] - seen->entries];

		if (sorted[i - 1]->inode != sorted[i]->inode || a->inode == b->inode)
			continue;
		fprintf(about(comparison, a->path), " and ");
		fprintf(about(comparison, b->path), " both have inode number %" PRIu64 "\n",
			sorted[i]->inode);
		unique = false;
	}
	free(sorted);
	return unique;
}

bool snapshot_compare(const struct snapshot *plain, const struct snapshot *seen,
		      const struct comparison *comparison)
{
	size_t i = 0, j = 0;
	bool same = true;

	while (i < plain->count || j < seen->count) {
		int order = i == plain->count ? 1
			    : j == seen->count
				    ? -1
				    : strcmp(plain->entries[i].path, seen->entries[j].path);

		if (order < 0)
			fprintf(about(comparison, plain->entries[i++].path), " is missing\n");
		else if (order > 0)
			fprintf(about(comparison, seen->entries[j++].path),
				" should not be there\n");
		else
			same &= same_entry(comparison, &plain->entries[i++], &seen->entries[j++]);
		same &= order == 0;
	}
	return same && numbers_are_unique(plain, seen, comparison);
}

bool snapshot_is_unchanged(const struct snapshot *before, const struct snapshot *after,
			   FILE *report)
{
	const struct comparison comparison = { .report = report };
	bool same = snapshot_compare(before, after, &comparison);

	for (size_t i = 0; same && i < before->count; i++) {
		const struct snapshot_entry *a = &before->entries[i], *b = &after->entries[i];

		/* The root's modification time, which snapshot_compare() does not mind. */
		if (same_time(a->atime, b->atime) && same_time(a->mtime, b->mtime))
			continue;
		fprintf(about(&comparison, a->path), ": its %s time changed\n",
			same_time(a->mtime, b->mtime) ? "access" : "modification");
		same = false;
	}
	return same;
}
