/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun images: the images there are. */
#include "cowrun/image_session.h"
#include "cowrun/image_view.h"
#include "cowrun/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun images [OPTIONS] [NAME[:TAG]]\n"
	"\n"
	"Lists images, the newest first; with a NAME only those called so.\n"
	"\n"
	"      --digests        the digests of their manifests, too\n"
	"      --format FORMAT  a line for each: text with {{.Repository}}, {{.ID}}...; or json\n"
	"      --no-trunc       whole ids\n"
	"  -q, --quiet          only ids, each once\n";

struct images_options {
	bool digests, whole, quiet;
	char *format;
};

static const struct option_rule rules[] = {
	{ 0, "digests", OPTION_SWITCH, offsetof(struct images_options, digests), NULL },
	{ 0, "format", OPTION_TEXT, offsetof(struct images_options, format), NULL },
	{ 0, "no-trunc", OPTION_SWITCH, offsetof(struct images_options, whole), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct images_options, quiet), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

/* The lines so far. */
struct listing {
	const struct image_store *store;
	const struct images_options *options;
	const char *wanted; /* a name, or NULL */
	json_object *lines; /* owned */
};

/* NAME is what its repository is called, or ends with after a slash; with :TAG the tag counts. */
static bool is_wanted(const struct listing *listing, const char *reference)
{
	const char *wanted = listing->wanted, *tag, *wanted_tag;
	size_t length, wanted_length;

	if (!wanted)
		return true;
	if (!reference)
		return false;
	tag = reference_tag_separator(reference);
	wanted_tag = reference_tag_separator(wanted);
	length = (size_t)(tag - reference);
	wanted_length = wanted_tag ? (size_t)(wanted_tag - wanted) : strlen(wanted);
	if (wanted_tag && strcmp(tag, wanted_tag) != 0)
		return false;
	return length >= wanted_length &&
	       strncmp(reference + length - wanted_length, wanted, wanted_length) == 0 &&
	       (length == wanted_length || reference[length - wanted_length - 1] == '/');
}

static void shorten(json_object *line)
{
	const char *id = json_object_get_string(json_object_object_get(line, "ID"));
	json_object *short_id =
		json_object_new_string_len(id + strlen(DIGEST_PREFIX), DIGEST_SHORT_LENGTH);

	if (short_id)
		(void)json_object_object_add(line, "ID", short_id);
}

/* An image_function. */
static int add(void *context, const struct image *image, struct problem *problem)
{
	struct listing *listing = context;
	json_object *line;

	if (!is_wanted(listing, image->reference))
		return 0;
	line = image_view_line(listing->store, image);
	if (!line || json_object_array_add(listing->lines, line) < 0) {
		json_put(line);
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	if (!listing->options->whole)
		shorten(line);
	return 0;
}

static int compare_ages(const void *a, const void *b)
{
	json_object *const *first = a, *const *second = b;

	/* RFC 3339 times in UTC stand in the order of their texts. */
	return strcmp(json_object_get_string(json_object_object_get(*second, "CreatedAt")),
		      json_object_get_string(json_object_object_get(*first, "CreatedAt")));
}

static bool was_printed(json_object *lines, size_t before, const char *id)
{
	for (size_t i = 0; i < before; i++)
		if (strcmp(json_object_get_string(json_object_object_get(
				   json_object_array_get_idx(lines, i), "ID")),
			   id) == 0)
			return true;
	return false;
}

static void print_ids(json_object *lines)
{
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		const char *id = json_object_get_string(
			json_object_object_get(json_object_array_get_idx(lines, i), "ID"));

		if (!was_printed(lines, i, id))
			(void)puts(id);
	}
}

static int print(const struct listing *listing, struct problem *problem)
{
	static const struct table_column columns[] = {
		{ "REPOSITORY", "Repository", 0 }, { "TAG", "Tag", 0 },
		{ "DIGEST", "Digest", 0 },	   { "IMAGE ID", "ID", 0 },
		{ "CREATED", "CreatedSince", 0 },  { "SIZE", "Size", 0 },
	};
	static const struct table_column fewer[] = {
		{ "REPOSITORY", "Repository", 0 }, { "TAG", "Tag", 0 },	  { "IMAGE ID", "ID", 0 },
		{ "CREATED", "CreatedSince", 0 },  { "SIZE", "Size", 0 },
	};
	const struct images_options *options = listing->options;

	json_object_array_sort(listing->lines, compare_ages);
	if (options->quiet) {
		print_ids(listing->lines);
		return 0;
	}
	return options->digests
		       ? table_print(listing->lines, columns, sizeof(columns) / sizeof(*columns),
				     options->format, problem)
		       : table_print(listing->lines, fewer, sizeof(fewer) / sizeof(*fewer),
				     options->format, problem);
}

static int list(const struct images_options *options, const char *wanted)
{
	CLEANUP(json_put) json_object *lines = json_object_new_array();
	struct image_session session;
	struct listing listing = { .options = options, .wanted = wanted, .lines = lines };
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	listing.store = &session.store;
	error = lines ? image_store_list(&session.store, add, &listing, &session.problem)
		      : problem_set(&session.problem, -ENOMEM, "out of memory");
	if (!error)
		error = print(&listing, &session.problem);
	return image_session_close(&session, error);
}

int command_images(int argc, char **argv)
{
	struct images_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status =
			count > 1 ? command_misused(usage) : list(&options, count ? argv[1] : NULL);
	free(options.format);
	return status;
}
