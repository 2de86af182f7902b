/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command tells the person who typed it. */
#pragma once

/* Exit statuses of every command. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2, /* the arguments make no sense */
};

/* Who speaks, if not cowfs; a string that stays. Called before there are threads. */
void say_as(const char *name);
/* Prints "cowfs: SENTENCE" on stderr, as one line whatever names from outside it quotes. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
