/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of one test's own, under $TMPDIR or /tmp, and short ways to put things in it.
 *
 * Paths are relative to it. What does not work ends the test as failed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct scratch {
	char path[256];
	int fd; /* readable */
};

struct scratch scratch_make(void);
/* Removes it with all that it holds. */
void scratch_remove(struct scratch *scratch);

void scratch_dir(const struct scratch *scratch, const char *path);
void scratch_file(const struct scratch *scratch, const char *path, const char *content);
void scratch_symlink(const struct scratch *scratch, const char *path, const char *target);
/* mode carries the type. */
void scratch_node(const struct scratch *scratch, const char *path, mode_t mode, dev_t device);
void scratch_xattr(const struct scratch *scratch, const char *path, const char *name,
		   const char *value);

bool scratch_exists(const struct scratch *scratch, const char *path);
struct stat scratch_stat(const struct scratch *scratch, const char *path);
/* True when the attribute is there with this value. */
bool scratch_xattr_is(const struct scratch *scratch, const char *path, const char *name,
		      const char *value);
/* An O_PATH descriptor of what is there, not followed. */
int scratch_open(const struct scratch *scratch, const char *path);

/* How many descriptors this process has open. */
size_t count_descriptors(void);

/* Ends the test as skipped; Criterion then runs no clean-up, so the directory is removed first. */
void skip_test(struct scratch *scratch, const char *reason);
/* Ends the test as skipped unless root runs it. */
void need_root(struct scratch *scratch);
/* Goes on as an ordinary user who owns the scratch directory; for root only, others stay. */
void become_ordinary(const struct scratch *scratch);

/*
 * From now on the system call answers -error, as on a kernel or file system without it. With a mask,
 * only when the bits of that argument under the mask are equal to value.
 */
void deny_call(int number, int error);
void deny_call_with(int number, unsigned argument, unsigned mask, unsigned value, int error);
