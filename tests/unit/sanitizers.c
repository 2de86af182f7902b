/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sanitizers find in Criterion itself is not ours to mend. */

const char *__lsan_default_suppressions(void);

/* Called by name from the sanitizer's run time, where there is one. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libcriterion\n";
}
