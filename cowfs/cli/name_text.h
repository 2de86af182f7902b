/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names as text on a line, for people: a file may be called anything, line feeds and control sequences of a terminal
 * included.
 */
#pragma once

#include "base/buffer.h"
#include "base/json.h"

#include <stdio.h>

/*
 * Appends the name (or path, or target) so that it stays on one line and says nothing to a terminal: backslashes are
 * doubled, and control characters, marks that reorder text, and bytes that are no UTF-8 become \n, \t or \ooo. 0 or
 * -ENOMEM.
 */
int name_text_append(struct buffer *text, const char *name);

/*
 * Writes the object and a line feed to the stream, as valid JSON whatever bytes its strings hold: a byte XX that is no UTF-8
 * becomes the lone surrogate \udcXX, from which Python's os.fsencode() makes the byte again. 0 or -errno.
 */
int name_text_print_json(json_object *object, FILE *stream);
