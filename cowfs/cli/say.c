/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program = "cowfs";

void say_as(const char *name)
{
	program = name;
}

void say(const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* A file may be called anything, control sequences of a terminal included. */
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	(void)fprintf(stderr, "%s: %s\n", program, text);
}
