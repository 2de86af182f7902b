/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways to save share. */
#pragma once

#include "image/save.h"

/* Images that are being saved into a directory. */
struct saving {
	struct image_store *store;
	char *const *names;
	size_t count;
	int directory;	/* empty at first */
	bool is_staged; /* it is in work/, so that blobs need not be copied */
	const char *what;
	struct problem *problem;
};

int save_layout(const struct saving *saving);
int save_docker(const struct saving *saving);

/* "what: path: why". Returns error. */
int save_failed(const struct saving *saving, const char *path, int error);
/* A small file. */
int save_text(const struct saving *saving, int directory, const char *name,
	      const struct buffer *text);
/* The name under which the image was asked for, if that was a name: it keeps no other. */
const char *save_reference(const struct image *image, const char *name);
