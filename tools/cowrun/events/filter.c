/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/events/filter.h"

#include "oci/digest.h"
#include "oci/reference.h"

#include <errno.h>
#include <string.h>

static const char *const names[EVENT_FILTER_KINDS] = {
	[EVENT_FILTER_TYPE] = "type",		[EVENT_FILTER_EVENT] = "event",
	[EVENT_FILTER_CONTAINER] = "container", [EVENT_FILTER_IMAGE] = "image",
	[EVENT_FILTER_VOLUME] = "volume",	[EVENT_FILTER_LABEL] = "label",
};

/* -- reading -- */

static int check(const char *text, enum event_filter_kind kind, const char *value,
		 struct problem *problem)
{
	if (!*value)
		return problem_set(problem, -EINVAL, "--filter %s: its value is missing", text);
	if (kind == EVENT_FILTER_TYPE && strcmp(value, "container") != 0 &&
	    strcmp(value, "image") != 0 && strcmp(value, "volume") != 0)
		return problem_set(problem, -EINVAL,
				   "--filter %s: events are of the types container, image and "
				   "volume",
				   text);
	return 0;
}

int event_filter_add(struct event_filter *filter, const char *text, struct problem *problem)
{
	for (int kind = 0; kind < EVENT_FILTER_KINDS; kind++) {
		size_t length = strlen(names[kind]);
		const char *value = text + length + 1;
		int error;

		if (strncmp(text, names[kind], length) != 0 || text[length] != '=')
			continue;
		error = check(text, (enum event_filter_kind)kind, value, problem);
		if (!error && string_list_add(&filter->wanted[kind], value) < 0)
			error = problem_set(problem, -ENOMEM, "out of memory");
		return error;
	}
	return problem_set(problem, -EINVAL,
			   "--filter %s: type=, event=, container=, image=, volume= and label= are "
			   "known",
			   text);
}

void event_filter_free(struct event_filter *filter)
{
	for (int kind = 0; kind < EVENT_FILTER_KINDS; kind++)
		string_list_free(&filter->wanted[kind]);
}

/* -- matching -- */

static const char *text_of(json_object *object, const char *key)
{
	json_object *member = NULL;

	return json_object_object_get_ex(object, key, &member) &&
			       json_object_is_type(member, json_type_string)
		       ? json_object_get_string(member)
		       : "";
}

static json_object *attributes_of(json_object *event)
{
	return json_object_object_get(json_object_object_get(event, "Actor"), "Attributes");
}

/*
 * Its id, or as much of it as is shown to people at least, also without sha256:. Less may be the name of another: what is gone
 * cannot be asked.
 */
static bool is_id(json_object *event, const char *wanted)
{
	const char *id = text_of(json_object_object_get(event, "Actor"), "ID");
	size_t prefix = strlen(DIGEST_PREFIX);

	if (strncmp(wanted, DIGEST_PREFIX, prefix) == 0)
		wanted += prefix;
	if (strncmp(id, DIGEST_PREFIX, prefix) == 0)
		id += prefix;
	return strlen(wanted) >= DIGEST_SHORT_LENGTH && strncmp(id, wanted, strlen(wanted)) == 0;
}

/* As it was typed, or as the full name that this is. */
static bool is_image_name(const char *name, const char *wanted)
{
	struct reference typed, full;

	if (strcmp(name, wanted) == 0)
		return true;
	return reference_parse(wanted, &typed, NULL) == 0 &&
	       reference_parse(name, &full, NULL) == 0 && strcmp(typed.text, full.text) == 0;
}

/* exec_start: ls -l is also called exec_start. */
static bool is_action(const char *action, const char *wanted)
{
	size_t length = strlen(wanted);

	return strncmp(action, wanted, length) == 0 && (!action[length] || action[length] == ':');
}

static bool has_label(json_object *event, const char *wanted)
{
	json_object *member = NULL;
	const char *equals = strchr(wanted, '=');
	size_t length = equals ? (size_t)(equals - wanted) : strlen(wanted);

	json_object_object_foreach(attributes_of(event), key,
				   value) if (strlen(key) == length &&
					      strncmp(key, wanted, length) == 0) member = value;
	return member && (!equals || (json_object_is_type(member, json_type_string) &&
				      strcmp(json_object_get_string(member), equals + 1) == 0));
}

static bool matches(json_object *event, int kind, const char *wanted)
{
	const char *type = text_of(event, "Type");
	json_object *attributes = attributes_of(event);

	switch ((enum event_filter_kind)kind) {
	case EVENT_FILTER_TYPE:
		return strcmp(type, wanted) == 0;
	case EVENT_FILTER_EVENT:
		return is_action(text_of(event, "Action"), wanted);
	case EVENT_FILTER_CONTAINER:
		return strcmp(type, "container") == 0 &&
		       (is_id(event, wanted) || strcmp(text_of(attributes, "name"), wanted) == 0);
	case EVENT_FILTER_IMAGE:
		if (strcmp(type, "image") == 0)
			return is_id(event, wanted) ||
			       is_image_name(text_of(attributes, "name"), wanted);
		return strcmp(type, "container") == 0 &&
		       is_image_name(text_of(attributes, "image"), wanted);
	case EVENT_FILTER_VOLUME:
		return strcmp(type, "volume") == 0 &&
		       strcmp(text_of(json_object_object_get(event, "Actor"), "ID"), wanted) == 0;
	case EVENT_FILTER_LABEL:
		return has_label(event, wanted);
	case EVENT_FILTER_KINDS:
		break;
	}
	return false;
}

bool event_filter_matches(const struct event_filter *filter, json_object *event)
{
	for (int kind = 0; kind < EVENT_FILTER_KINDS; kind++) {
		const struct string_list *wanted = &filter->wanted[kind];
		size_t count = 0;

		for (size_t i = 0; i < wanted->count; i++)
			count += matches(event, kind, wanted->strings[i]);
		if (wanted->count > 0 &&
		    (kind == EVENT_FILTER_LABEL ? count < wanted->count : count == 0))
			return false;
	}
	return true;
}
