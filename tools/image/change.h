/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to the configuration of an image, in the words of a Dockerfile: CMD, ENTRYPOINT, ENV,
 * EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR.
 */
#pragma once

#include "base/json.h"
#include "base/problem.h"
#include "base/string_list.h"

/*
 * Applies one instruction, `ENV a=b` or `ENV=a=b`, to the configuration document (config.h). 0, or
 * -EINVAL with a problem that quotes the instruction.
 */
int change_apply(json_object *document, const char *instruction, struct problem *problem);

/* All of a list, in order. */
int change_apply_all(json_object *document, const struct string_list *instructions,
		     struct problem *problem);

/*
 * Cuts a text into words at white space. Single and double quotes keep white space together, and a
 * backslash keeps the character after it (between double quotes, only " and \). 0, -EINVAL
 * when a quote is not closed, -ENOMEM.
 */
int change_split_words(const char *text, struct string_list *words);
