/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --format: text with {{...}} in it, for which members of a JSON object are put. As docker's, in small:
 * {{.Name}}, {{.State.Pid}}, {{json .}}, {{json .Mounts}}, and \t and \n. A member that is not there is an error, so that a
 * misspelt one is noticed.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"
#include "base/problem.h"

/* Appends the text. 0, -ENOMEM, or -EINVAL with a problem. */
int template_fill(const char *template, json_object *object, struct buffer *text,
		  struct problem *problem);
