/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define DEFAULT_HOST "localhost"
#define DEFAULT_TAG "latest"

static bool consists_of(const char *text, size_t length, const char *characters)
{
	return length > 0 && strspn(text, characters) >= length;
}

/* Letters and digits, with single dots, one or two underscores, or any number of hyphens between. */
static bool is_path_component(const char *text, size_t length)
{
	size_t i = 0;

	for (;;) {
		size_t word = strspn(text + i, LOWER DIGITS);
		size_t run;

		if (word == 0 || i + word > length)
			return false;
		i += word;
		if (i == length)
			return true;
		run = strspn(text + i, (char[]){ text[i], '\0' });
		if (!(text[i] == '-' || (text[i] == '.' && run == 1) ||
		      (text[i] == '_' && run <= 2)))
			return false;
		i += run;
	}
}

/* Labels of letters, digits and inner hyphens between dots; then perhaps a port. */
static bool is_host(const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t name = colon ? (size_t)(colon - text) : length;

	if (colon && !consists_of(colon + 1, length - name - 1, DIGITS))
		return false;
	if (!consists_of(text, name, LOWER UPPER DIGITS ".-"))
		return false;
	for (size_t i = 0; i < name; i++) {
		bool first = i == 0 || text[i - 1] == '.';
		bool last = i == name - 1 || text[i + 1] == '.';

		if (text[i] == '.' ? (first || i == name - 1) : (text[i] == '-' && (first || last)))
			return false;
	}
	return true;
}

/* Length of the host at the beginning of a name, 0 when there is none. */
static size_t host_length(const char *name, size_t length)
{
	const char *slash = memchr(name, '/', length);
	size_t first = slash ? (size_t)(slash - name) : 0;

	if (first > 0 &&
	    (memchr(name, '.', first) || memchr(name, ':', first) ||
	     (first == strlen(DEFAULT_HOST) && strncmp(name, DEFAULT_HOST, first) == 0)))
		return first;
	return 0;
}

static bool is_path(const char *path, size_t length)
{
	const char *end = path + length;

	for (;;) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		const char *stop = slash ? slash : end;

		if (!is_path_component(path, (size_t)(stop - path)))
			return false;
		if (!slash)
			return true;
		path = slash + 1;
	}
}

static bool is_tag(const char *tag)
{
	size_t length = strlen(tag);

	return length <= REFERENCE_TAG_MAX && tag[0] != '.' && tag[0] != '-' &&
	       consists_of(tag, length, LOWER UPPER DIGITS "_.-");
}

const char *reference_tag_separator(const char *reference)
{
	const char *slash = strrchr(reference, '/');

	/* A colon before the last slash belongs to a port. */
	return strchr(slash ? slash : reference, ':');
}

static int bad_name(const char *text, const char *why, struct problem *problem)
{
	return problem_set(problem, -EINVAL, "%.100s cannot be the name of an image: %s", text,
			   why);
}

int reference_parse(const char *text, struct reference *ret_reference, struct problem *problem)
{
	const char *colon = reference_tag_separator(text);
	const char *tag = colon ? colon + 1 : DEFAULT_TAG;
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	size_t host = host_length(text, length);
	const char *path = host ? text + host + 1 : text;
	struct reference reference = { .has_host = host > 0 };

	if (text[0] == '\0')
		return problem_set(problem, -EINVAL, "the name of an image is empty");
	if (strchr(text, '@'))
		return bad_name(text, "it has a digest; use the digest alone, as an id", problem);
	if (length + strlen(DEFAULT_HOST) + 1 > REFERENCE_NAME_MAX)
		return bad_name(text, "it is too long", problem);
	if (host && !is_host(text, host))
		return bad_name(text, "what precedes the first / is no host", problem);
	if (!is_path(path, (size_t)(text + length - path)))
		return bad_name(
			text,
			"lower-case letters and digits make one, with . _ or - between them "
			"and / between the parts",
			problem);
	if (!is_tag(tag))
		return bad_name(
			text, "after the colon, letters, digits and _ . - make a tag, 128 at most",
			problem);
	(void)snprintf(reference.text, sizeof(reference.text), "%s%.*s:%s",
		       host ? "" : DEFAULT_HOST "/", (int)length, text, tag);
	reference.name_length = length + (host ? 0 : strlen(DEFAULT_HOST) + 1);
	*ret_reference = reference;
	return 0;
}

const char *reference_tag(const struct reference *reference)
{
	return reference->text + reference->name_length + 1;
}

bool reference_may_mean(const struct reference *typed, const char *candidate)
{
	/* With the slash that follows the host. */
	const char *wanted = typed->text + strlen(DEFAULT_HOST);
	size_t length = strlen(wanted), candidate_length = strlen(candidate);

	return !typed->has_host && candidate_length > length &&
	       strcmp(candidate + candidate_length - length, wanted) == 0;
}
