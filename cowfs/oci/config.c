/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oci/config.h"

#include "oci/json_build.h"
#include "oci/json_get.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#define LAYERS_MAX 1024
#define HISTORY_MAX 16384

void image_config_free(struct image_config *config)
{
	struct string_list *lists[] = {
		&config->environment, &config->entrypoint,    &config->command,
		&config->volumes,     &config->exposed_ports, &config->labels,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		string_list_free(lists[i]);
	free(config->diff_ids);
	free(config->history);
	json_put(config->object);
	*config = (struct image_config){ 0 };
}

/* -- reading -- */

static int out_of_memory(const struct json_reader *reader)
{
	return problem_set(reader->problem, -ENOMEM, "out of memory");
}

struct string_member {
	const char *key;
	const char **place;
};

static int read_strings(const struct json_reader *reader, const struct string_member *members,
			size_t count)
{
	int error = 0;

	for (size_t i = 0; !error && i < count; i++)
		error = json_get_string(reader, members[i].key, members[i].place);
	return error;
}

static int read_top(const struct json_reader *reader, struct image_config *config)
{
	const struct string_member members[] = {
		{ "created", &config->created },
		{ "author", &config->author },
		{ "architecture", &config->architecture },
		{ "variant", &config->variant },
		{ "os", &config->os },
	};

	return read_strings(reader, members, sizeof(members) / sizeof(*members));
}

/* The member "config": what runs. */
static int read_process(const struct json_reader *top, struct image_config *config)
{
	const struct string_member members[] = {
		{ "User", &config->user },
		{ "WorkingDir", &config->working_dir },
		{ "StopSignal", &config->stop_signal },
	};
	struct json_reader reader = *top;
	int error;

	reader.object = NULL;
	reader.within = "config.";
	error = json_get_object(top, "config", &reader.object);
	if (error || !reader.object)
		return error;
	error = read_strings(&reader, members, sizeof(members) / sizeof(*members));
	if (!error)
		error = json_get_strings(&reader, "Env", &config->environment);
	if (!error)
		error = json_get_strings(&reader, "Entrypoint", &config->entrypoint);
	if (!error)
		error = json_get_strings(&reader, "Cmd", &config->command);
	if (!error)
		error = json_get_keys(&reader, "Volumes", &config->volumes);
	if (!error)
		error = json_get_keys(&reader, "ExposedPorts", &config->exposed_ports);
	if (!error)
		error = json_get_pairs(&reader, "Labels", &config->labels);
	return error;
}

static int read_root(const struct json_reader *top, struct image_config *config)
{
	struct json_reader reader = *top;
	const char *type = NULL;
	json_object *array = NULL;
	int error;

	reader.object = NULL;
	reader.within = "rootfs.";
	error = json_get_object(top, "rootfs", &reader.object);
	if (!error && !reader.object)
		return json_member_is_wrong(top, "rootfs", "missing");
	if (!error)
		error = json_get_string(&reader, "type", &type);
	if (!error && (!type || strcmp(type, "layers") != 0))
		return json_member_is_wrong(&reader, "type", "not \"layers\"");
	if (!error)
		error = json_get_array(&reader, "diff_ids", LAYERS_MAX, &array);
	if (error || !array || json_object_array_length(array) == 0)
		return error;
	config->diff_ids = calloc(json_object_array_length(array), sizeof(*config->diff_ids));
	if (!config->diff_ids)
		return out_of_memory(&reader);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *text = json_array_string(array, i);

		if (!text || digest_parse(text, &config->diff_ids[i]) < 0)
			return json_member_is_wrong(&reader, "diff_ids",
						    "no array of sha256: digests");
	}
	config->diff_id_count = json_object_array_length(array);
	return 0;
}

static int read_step(const struct json_reader *reader, struct image_history *step)
{
	const struct string_member members[] = {
		{ "created", &step->created },
		{ "created_by", &step->created_by },
		{ "author", &step->author },
		{ "comment", &step->comment },
	};
	int error = read_strings(reader, members, sizeof(members) / sizeof(*members));

	return error ? error : json_get_bool(reader, "empty_layer", &step->empty_layer);
}

static int read_history(const struct json_reader *top, struct image_config *config)
{
	struct json_reader reader = *top;
	json_object *array = NULL;
	int error = json_get_array(top, "history", HISTORY_MAX, &array);

	if (error || !array || json_object_array_length(array) == 0)
		return error;
	config->history = calloc(json_object_array_length(array), sizeof(*config->history));
	if (!config->history)
		return out_of_memory(top);
	config->history_count = json_object_array_length(array);
	reader.within = "history.";
	for (size_t i = 0; !error && i < config->history_count; i++) {
		reader.object = json_object_array_get_idx(array, i);
		if (!json_object_is_type(reader.object, json_type_object))
			return json_member_is_wrong(top, "history", "no array of objects");
		error = read_step(&reader, &config->history[i]);
	}
	return error;
}

int image_config_parse(const char *text, size_t length, const char *document,
		       struct image_config *ret_config, struct problem *problem)
{
	cleanup_image_config struct image_config config = { 0 };
	struct json_reader reader = { .document = document, .within = "", .problem = problem };
	int error = json_parse_document(text, length, json_type_object, document, &config.object,
					problem);

	reader.object = config.object;
	if (!error)
		error = read_top(&reader, &config);
	if (!error)
		error = read_process(&reader, &config);
	if (!error)
		error = read_root(&reader, &config);
	if (!error)
		error = read_history(&reader, &config);
	if (error)
		return error;
	*ret_config = config;
	config = (struct image_config){ 0 };
	return 0;
}

const char *image_architecture(void)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	      { "aarch64", "arm64" }, { "armv7l", "arm" },
		{ "armv6l", "arm" },	      { "i686", "386" },      { "i586", "386" },
		{ "loongarch64", "loong64" },
	};
	static struct utsname machine;

	(void)uname(&machine);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i][0], machine.machine) == 0)
			return names[i][1];
	return machine.machine;
}

/* -- making one -- */

json_object *image_config_new(const char *created)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	json_object *root;
	int error = object ? json_add_string(object, "created", created) : -ENOMEM;

	if (!error)
		error = json_add_string(object, "architecture", image_architecture());
	if (!error)
		error = json_add_string(object, "os", "linux");
	if (error || !json_add_object(object, "config"))
		return NULL;
	root = json_add_object(object, "rootfs");
	if (!root || json_add_string(root, "type", "layers") < 0 ||
	    !json_add_array(root, "diff_ids") || !json_add_array(object, "history"))
		return NULL;
	return steal_pointer(&object);
}

/* The member of the object if it has that type, else a new one in its place. */
static json_object *have_member(json_object *object, const char *key, enum json_type type)
{
	json_object *value = NULL;

	if (json_object_object_get_ex(object, key, &value) && json_object_is_type(value, type))
		return value;
	return type == json_type_array ? json_add_array(object, key) : json_add_object(object, key);
}

json_object *image_config_of(json_object *object)
{
	return have_member(object, "config", json_type_object);
}

static int put_if_there(json_object *object, const char *key, const char *value)
{
	return value && value[0] ? json_add_string(object, key, value) : 0;
}

int image_config_add_step(json_object *object, const struct image_step *step)
{
	json_object *root = have_member(object, "rootfs", json_type_object);
	json_object *diff_ids = root ? have_member(root, "diff_ids", json_type_array) : NULL;
	json_object *history = have_member(object, "history", json_type_array);
	json_object *entry = history ? json_append_object(history) : NULL;
	char digest[DIGEST_TEXT_SIZE];
	int error = diff_ids && entry ? 0 : -ENOMEM;

	if (!error)
		error = put_if_there(object, "created", step->created);
	if (!error)
		error = put_if_there(entry, "created", step->created);
	if (!error)
		error = put_if_there(entry, "created_by", step->created_by);
	if (!error)
		error = put_if_there(entry, "author", step->author);
	if (!error)
		error = put_if_there(entry, "comment", step->comment);
	if (!error && step->diff_id)
		error = json_append_string(diff_ids, digest_text(step->diff_id, digest));
	else if (!error)
		error = json_add_bool(entry, "empty_layer", true);
	return error;
}
