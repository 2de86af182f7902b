/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of images, by the grammar of distribution/reference: [HOST[:PORT]/]PATH[:TAG].
 *
 * A full reference always has a host and a tag. A name typed without a host gets `localhost`, and
 * one without a tag gets `latest`: `alpine` is `localhost/alpine:latest`. The first component is a
 * host when it has a dot or a colon, or is `localhost`.
 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

#define REFERENCE_NAME_MAX 255 /* HOST/PATH */
#define REFERENCE_TAG_MAX 128
#define REFERENCE_SIZE (REFERENCE_NAME_MAX + 1 + REFERENCE_TAG_MAX + 1)

struct reference {
	char text[REFERENCE_SIZE]; /* the full reference */
	size_t name_length;	   /* of HOST/PATH in it; the tag begins one further */
	bool has_host;		   /* it was typed with a host, not given localhost */
};

/* 0, or -EINVAL with a problem that says what is wrong with the name. */
int reference_parse(const char *text, struct reference *ret_reference, struct problem *problem);
/* What follows the colon. */
const char *reference_tag(const struct reference *reference);

/*
 * True when the full reference `candidate` is what may be meant by one typed without a host: the same
 * tag, and the same last components of the name.
 */
bool reference_may_mean(const struct reference *typed, const char *candidate);

/* Cuts a full reference into its name and its tag: where the colon between them is, or NULL. */
const char *reference_tag_separator(const char *reference);
