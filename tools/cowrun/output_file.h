/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that a command writes for a person: there when all of it is, and not before. */
#pragma once

#include "base/problem.h"

struct output_file {
	int fd;
	const char *path; /* the caller's; NULL: standard output */
	char *temporary;  /* what it is called until it is complete, or NULL; owned */
};

#define OUTPUT_FILE_INIT ((struct output_file){ .fd = -1 })
#define cleanup_output_file __attribute__((cleanup(output_file_close)))

/*
 * NULL is standard output, unless that is a terminal. Devices and pipes are written as they are.
 * 0 or -errno with a problem.
 */
int output_file_open(const char *path, struct output_file *ret_output, struct problem *problem);
/* Lets the file appear, in the place of one that was there. 0 or -errno with a problem. */
int output_file_finish(struct output_file *output, struct problem *problem);
/* Deletes what was not finished. */
void output_file_close(struct output_file *output);

/* The same of a directory. */
struct output_directory {
	int fd;
	const char *path; /* the caller's */
	char *temporary;  /* owned */
};

#define OUTPUT_DIRECTORY_INIT ((struct output_directory){ .fd = -1 })
#define cleanup_output_directory __attribute__((cleanup(output_directory_close)))

/* -ENOTEMPTY when something is there that is no empty directory. 0 or -errno with a problem. */
int output_directory_open(const char *path, struct output_directory *ret_output,
			  struct problem *problem);
int output_directory_finish(struct output_directory *output, struct problem *problem);
void output_directory_close(struct output_directory *output);
