/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of an image: what runs in it and how, its layers by diff id, its history. By the
 * OCI image-spec, config.md; Docker's has the same members and some more, which are kept as they
 * are.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"
#include "base/problem.h"
#include "base/string_list.h"
#include "oci/digest.h"

struct image_history {
	const char *created, *created_by, *author, *comment; /* or NULL */
	bool empty_layer;
};

/* Strings belong to the object; absent ones are NULL. */
struct image_config {
	json_object *object; /* the whole document; owned */
	const char *created; /* RFC 3339 */
	const char *author, *architecture, *variant, *os;
	const char *user, *working_dir, *stop_signal;
	struct string_list environment; /* NAME=VALUE */
	struct string_list entrypoint, command;
	struct string_list volumes;	  /* paths in the container */
	struct string_list exposed_ports; /* PORT[/PROTOCOL] */
	struct string_list labels;	  /* KEY=VALUE */
	struct digest *diff_ids;	  /* the lowest layer first; owned */
	size_t diff_id_count;
	struct image_history *history; /* the oldest first; owned */
	size_t history_count;
};

void image_config_free(struct image_config *config);

#define cleanup_image_config __attribute__((cleanup(image_config_free)))

/* 0, -EINVAL or -EFBIG with a problem that names `document` and the member, -ENOMEM. */
int image_config_parse(const char *text, size_t length, const char *document,
		       struct image_config *ret_config, struct problem *problem);

/* This machine's architecture by the names that images use (Go's). */
const char *image_architecture(void);

/* -- making one -- */

/* A document for an image without layers, for this machine; NULL when there is no memory. */
json_object *image_config_new(const char *created);

/* What is to be said about one more layer, or a change without one; NULLs are left out. */
struct image_step {
	const char *created; /* RFC 3339; also becomes the creation time of the image */
	const char *created_by, *author, *comment;
	const struct digest *diff_id; /* NULL: no layer came */
};

/* Adds the step's layer and history to the document. 0 or -ENOMEM. */
int image_config_add_step(json_object *object, const struct image_step *step);

/* The member "config" of the document, made when it is missing or null; NULL without memory. */
json_object *image_config_of(json_object *object);
