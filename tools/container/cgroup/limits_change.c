/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of limits_text.h: limits in place of others. */
#include "container/cgroup/limits_text.h"

#include <errno.h>
#include <string.h>

/* How much of a text says what it is about: "memory=", and of a device "device-read-bps=/dev/sda:". */
static size_t subject_length(const char *text)
{
	const char *end = strncmp(text, "device-", 7) == 0 ? strrchr(text, ':') : NULL;

	if (!end)
		end = strchr(text, '=');
	return end ? (size_t)(end - text) + 1 : strlen(text);
}

static bool is_cpus(const char *text)
{
	return strncmp(text, "cpus=", 5) == 0;
}

static bool is_quota(const char *text)
{
	return strncmp(text, "cpu-quota=", 10) == 0 || strncmp(text, "cpu-period=", 11) == 0;
}

static bool replaces(const char *change, const char *text)
{
	size_t length = subject_length(change);

	if ((is_cpus(change) && is_quota(text)) || (is_quota(change) && is_cpus(text)))
		return true;
	return subject_length(text) == length && strncmp(change, text, length) == 0;
}

/* As docker has it: what is 0 is what was not given. */
static bool says_nothing(const char *text)
{
	cleanup_limits struct container_limits limits = LIMITS_INIT;

	return limits_set_text(&limits, text, NULL) == 0 && limits_are_unset(&limits);
}

static bool is_replaced(const char *text, const struct string_list *changes, size_t from)
{
	for (size_t i = from; i < changes->count; i++)
		if (!says_nothing(changes->strings[i]) && replaces(changes->strings[i], text))
			return true;
	return false;
}

int limits_change(const struct string_list *texts, const struct string_list *changes,
		  struct string_list *ret_texts)
{
	struct string_list changed = STRING_LIST_INIT;
	int error = 0;

	for (size_t i = 0; !error && i < texts->count; i++)
		if (!is_replaced(texts->strings[i], changes, 0))
			error = string_list_add(&changed, texts->strings[i]);
	for (size_t i = 0; !error && i < changes->count; i++)
		if (!says_nothing(changes->strings[i]))
			error = string_list_add(&changed, changes->strings[i]);
	if (error) {
		string_list_free(&changed);
		return error;
	}
	*ret_texts = changed;
	return 0;
}
