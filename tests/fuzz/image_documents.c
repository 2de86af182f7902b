/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents of images: a letter for the kind, then the JSON. */
#include "fuzz.h"
#include "oci/config.h"
#include "oci/history.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "oci/saved_parts.h"

#include <errno.h>
#include <string.h>

static void check_items(const struct descriptor_list *items)
{
	for (size_t i = 0; i < items->count; i++) {
		REQUIRE(digest_hex_is_valid(items->items[i].digest.hex));
		REQUIRE(items->items[i].size <= INT64_MAX);
	}
}

/* What we write of it reads the same. */
static void check_manifest(const struct manifest *manifest)
{
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	struct manifest again;

	check_items(&manifest->layers);
	REQUIRE(manifest_write(manifest, &first) == 0);
	REQUIRE(manifest_parse(first.data, first.length, "it", &again, NULL) == 0);
	REQUIRE(manifest_write(&again, &second) == 0);
	REQUIRE(strcmp(first.data, second.data) == 0);
	manifest_free(&again);
	buffer_free(&first);
	buffer_free(&second);
}

static int parse_manifest(const char *text, size_t size, struct problem *problem)
{
	struct manifest manifest;
	int error = manifest_parse(text, size, "it", &manifest, problem);

	if (!error) {
		check_manifest(&manifest);
		manifest_free(&manifest);
	}
	return error;
}

static int parse_index(const char *text, size_t size, struct problem *problem)
{
	struct descriptor_list items;
	int error = index_parse(text, size, "it", &items, problem);

	if (!error) {
		check_items(&items);
		descriptor_list_free(&items);
	}
	return error;
}

/* A text is one line, and no longer than what it was made of but for a verb. */
static void check_history(const struct image_config *config)
{
	for (size_t i = 0; i < config->history_count; i++) {
		const char *created_by = config->history[i].created_by;
		struct buffer text = BUFFER_INIT;

		if (!created_by)
			continue;
		REQUIRE(history_append_text(created_by, &text) == 0);
		REQUIRE(strpbrk(buffer_string(&text), "\n\r\t") == NULL);
		REQUIRE(text.length <= strlen(created_by) + strlen("RUN "));
		buffer_free(&text);
	}
	for (size_t i = 0; i < config->diff_id_count; i++)
		(void)history_of_layer(config, i);
}

static int parse_config(const char *text, size_t size, struct problem *problem)
{
	struct image_config config;
	int error = image_config_parse(text, size, "it", &config, problem);

	if (!error) {
		for (size_t i = 0; i < config.diff_id_count; i++)
			REQUIRE(digest_hex_is_valid(config.diff_ids[i].hex));
		check_history(&config);
		image_config_free(&config);
	}
	return error;
}

static int parse_docker(const char *text, size_t size, struct problem *problem)
{
	struct saved_list list = { .kind = SAVED_DOCKER };
	int error = saved_docker_parse(text, size, "it", &list, problem);

	for (size_t i = 0; !error && i < list.count; i++) {
		const struct saved_item *item = &list.items[i];
		struct reference reference;

		REQUIRE(item->config != NULL);
		for (size_t j = 0; j < item->names.count; j++)
			REQUIRE(reference_parse(item->names.strings[j], &reference, NULL) == 0);
	}
	saved_list_free(&list);
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { .text = "" };
	char *text;
	int error;

	if (size == 0)
		return 0;
	/* Documents come with a zero behind them. */
	text = calloc(1, size);
	REQUIRE(text != NULL);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'm':
		error = parse_manifest(text, size - 1, &problem);
		break;
	case 'i':
		error = parse_index(text, size - 1, &problem);
		break;
	case 'd':
		error = parse_docker(text, size - 1, &problem);
		break;
	default:
		error = parse_config(text, size - 1, &problem);
		break;
	}
	REQUIRE(error == 0 || problem.text[0] != '\0');
	free(text);
	return 0;
}
