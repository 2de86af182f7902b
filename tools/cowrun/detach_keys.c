/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/detach_keys.h"

#include <errno.h>
#include <string.h>

#define USUAL_KEYS "ctrl-p,ctrl-q"
#define CONTROL "ctrl-"
/* A control character is its letter with these bits cleared. */
#define CONTROL_MASK 0x1f

/* The key at the start of text, of so many characters; 0 when it is none. */
static char read_key(const char *text, size_t length)
{
	if (length == 1)
		return text[0];
	if (length == strlen(CONTROL) + 1 && strncmp(text, CONTROL, strlen(CONTROL)) == 0) {
		char letter = text[strlen(CONTROL)];

		if ((letter >= 'a' && letter <= 'z') || (letter >= '@' && letter <= '_'))
			return (char)(letter & CONTROL_MASK);
	}
	return '\0';
}

/* False when the text is not made of keys. */
static bool read_keys(const char *text, struct detach_keys *keys)
{
	*keys = (struct detach_keys){ 0 };
	while (*text) {
		size_t length = strcspn(text, ",");
		char key = read_key(text, length);

		if (!key || keys->count == DETACH_KEYS_MAX)
			return false;
		keys->keys[keys->count++] = key;
		text += length;
		if (*text && !*++text)
			return false;
	}
	return true;
}

int detach_keys_check(const char *text, struct problem *problem)
{
	struct detach_keys keys;

	if (read_keys(text, &keys))
		return 0;
	return problem_set(problem, -EINVAL,
			   "--detach-keys %s: keys are letters, or ctrl- and a letter, with commas "
			   "between them",
			   text);
}

void detach_keys_init(struct detach_keys *keys, const char *text)
{
	(void)read_keys(text ? text : USUAL_KEYS, keys);
}

bool detach_keys_find(struct detach_keys *keys, const char *typed, size_t length, char *output,
		      size_t *ret_length)
{
	size_t kept = 0;
	bool found = false;

	for (size_t i = 0; i < length && !found; i++) {
		if (keys->matched < keys->count && typed[i] == keys->keys[keys->matched]) {
			found = ++keys->matched == keys->count;
			continue;
		}
		/* It was no beginning after all. */
		memcpy(output + kept, keys->keys, keys->matched);
		kept += keys->matched;
		keys->matched = keys->count > 0 && typed[i] == keys->keys[0];
		if (!keys->matched)
			output[kept++] = typed[i];
	}
	*ret_length = kept;
	return found;
}
