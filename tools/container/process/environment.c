/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const char *environment_get(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

int environment_set(struct string_list *environment, const char *assignment)
{
	size_t length = strcspn(assignment, "=");

	for (size_t i = 0; i < environment->count; i++) {
		char *former = environment->strings[i];

		if (strncmp(former, assignment, length) == 0 && former[length] == '=') {
			char *copy = strdup(assignment);

			if (!copy)
				return -ENOMEM;
			free(former);
			environment->strings[i] = copy;
			return 0;
		}
	}
	return string_list_add(environment, assignment);
}

static int add_default(struct string_list *environment, const char *name, const char *value)
{
	if (environment_get(environment->strings, name))
		return 0;
	return string_list_add_format(environment, "%s=%s", name, value);
}

int environment_complete(const struct string_list *given, const char *home, const char *hostname,
			 bool terminal, struct string_list *ret_environment)
{
	struct string_list environment = STRING_LIST_INIT;
	int error = string_list_add(&environment, DEFAULT_PATH);

	for (size_t i = 0; !error && i < given->count; i++)
		error = environment_set(&environment, given->strings[i]);
	if (!error)
		error = add_default(&environment, "HOSTNAME", hostname);
	if (!error && terminal)
		error = add_default(&environment, "TERM", "xterm");
	if (!error)
		error = add_default(&environment, "HOME", home);
	if (error) {
		string_list_free(&environment);
		return error;
	}
	*ret_environment = environment;
	return 0;
}
