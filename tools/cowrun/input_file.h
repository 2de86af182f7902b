/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file, directory or stream that a person named. */
#pragma once

#include "base/problem.h"

#include <stdint.h>
#include <time.h>

struct input_file {
	const char *name; /* for problems; the caller's */
	int fd;
	char *directory;	 /* its absolute path when it is one, else NULL; owned */
	uint64_t size;		 /* of a file, else 0 */
	struct timespec changed; /* of a stream: now */
};

#define INPUT_FILE_INIT ((struct input_file){ .fd = -1 })
#define cleanup_input_file __attribute__((cleanup(input_file_close)))

/* "-" is standard input, unless that is a terminal. 0 or -errno with a problem. */
int input_file_open(const char *name, struct input_file *ret_input, struct problem *problem);
void input_file_close(struct input_file *input);
