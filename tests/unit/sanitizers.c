/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/sanitizers.h"

const char *__lsan_default_suppressions(void);
int __lsan_is_turned_off(void);

static int turned_off;

/* Both are called by name from the sanitizer's run time, where there is one. */

/* What the sanitizers find in Criterion itself is not ours to mend. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libcriterion\n";
}

int __lsan_is_turned_off(void)
{
	return turned_off;
}

void leak_check_turn_off(void)
{
	turned_off = 1;
}
