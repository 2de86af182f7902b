/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/prune/filter.h"

#include "cowrun/moment.h"

#include <errno.h>
#include <string.h>

void prune_filter_free(struct prune_filter *filter)
{
	string_list_free(&filter->texts);
	string_list_free(&filter->with);
	string_list_free(&filter->without);
}

/* What follows the name of a condition; NULL when it is another. */
static const char *value_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	return strncmp(text, name, length) == 0 ? text + length : NULL;
}

static int add_label(struct string_list *list, const char *text, const char *label,
		     struct problem *problem)
{
	if (!*label || *label == '=')
		return problem_set(problem, -EINVAL, "--filter %s: the key of a label is missing",
				   text);
	return string_list_add(list, label) < 0 ? problem_set(problem, -ENOMEM, "out of memory")
						: 0;
}

static int set_until(struct prune_filter *filter, const char *text, const char *moment,
		     struct problem *problem)
{
	if (filter->has_until)
		return problem_set(problem, -EINVAL, "--filter %s: until can be given once", text);
	if (moment_read(moment, &filter->until) < 0)
		return problem_set(problem, -EINVAL, "--filter %s: " MOMENT_FORMS, text);
	filter->has_until = true;
	return 0;
}

int prune_filter_add(struct prune_filter *filter, const char *text, struct problem *problem)
{
	const char *value;

	if (string_list_add(&filter->texts, text) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	if ((value = value_of(text, "until=")))
		return set_until(filter, text, value, problem);
	if ((value = value_of(text, "label=")))
		return add_label(&filter->with, text, value, problem);
	if ((value = value_of(text, "label!=")))
		return add_label(&filter->without, text, value, problem);
	return problem_set(problem, -EINVAL,
			   "--filter %s: until=TIME, label=KEY[=VALUE] and label!=KEY[=VALUE] are "
			   "known",
			   text);
}

bool labels_have(const struct string_list *labels, const char *wanted)
{
	size_t key = strcspn(wanted, "=");

	for (size_t i = 0; i < labels->count; i++) {
		const char *label = labels->strings[i];

		if (wanted[key] ? strcmp(label, wanted) == 0
				: strncmp(label, wanted, key) == 0 &&
					  (label[key] == '=' || !label[key]))
			return true;
	}
	return false;
}

bool prune_filter_matches(const struct prune_filter *filter, const char *created,
			  const struct string_list *labels)
{
	int64_t moment;

	if (filter->has_until &&
	    (!created || moment_read(created, &moment) < 0 || moment >= filter->until))
		return false;
	for (size_t i = 0; i < filter->with.count; i++)
		if (!labels_have(labels, filter->with.strings[i]))
			return false;
	for (size_t i = 0; i < filter->without.count; i++)
		if (labels_have(labels, filter->without.strings[i]))
			return false;
	return true;
}
