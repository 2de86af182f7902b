/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cowrun run and cowrun create can be asked for. */
#pragma once

#include "container/record/container.h"
#include "cowrun/options.h"

struct create_options {
	struct container_config config;
	char *entrypoint;
	char *root_directory; /* --rootfs */
	char *layers;	      /* --layers, as written */
	char *upper;
	bool publish_all;
	char *id_file, *pid_file;
	char *detach_keys;
	struct problem warning; /* of the last option that has no effect */
};

extern const struct option_table create_option_table;
/* The part of the usage that both share. */
extern const char create_options_usage[];

/* Sets what holds when nothing is said. 0 or -ENOMEM. */
int create_options_init(struct create_options *options);
void create_options_free(struct create_options *options);

/*
 * Makes the container of what was asked for and the operands: [IMAGE] [COMMAND [ARGUMENT...]]. Says what is
 * wrong, then returns an exit status; STATUS_OK otherwise.
 */
int create_options_make(struct create_options *options, const struct place *place, int count,
			char **operands, struct container *ret_container);
