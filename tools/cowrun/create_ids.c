/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/create_ids.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/say.h"
#include "container/launch/id_maps.h"
#include "container/launch/id_ranges.h"
#include "container/namespaces/mode.h"
#include "cowrun/create_namespaces.h"
#include "layer/ownership.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int create_ids_check_users(const char *value, void *options, struct problem *problem)
{
	uint32_t size;

	if (strcmp(value, "keep-id") == 0 || strcmp(value, "nomap") == 0 ||
	    strcmp(value, "auto") == 0 ||
	    (strncmp(value, "auto:size=", 10) == 0 && id_ranges_size(value, &size) == 0) ||
	    create_namespaces_check(value, options, NULL) == 0)
		return 0;
	return problem_set(problem, -EINVAL,
			   "--userns %s: host, private, auto, auto:size=NUMBER, keep-id, nomap and "
			   "container:CONTAINER are known",
			   value);
}

/* -- whose -- */

static bool users_are(const struct container_config *config, const char *mode)
{
	return config->users && strcmp(config->users, mode) == 0;
}

static bool users_are_auto(const struct container_config *config)
{
	return config->users && strncmp(config->users, "auto", 4) == 0;
}

/* What there is for root only, and for ordinary users only. */
static int check_whose(bool rootless, const struct container_config *config,
		       struct problem *problem)
{
	if (rootless && users_are(config, "host"))
		return problem_set(problem, -EPERM,
				   "--userns host: only root can do without a user namespace");
	if (rootless && users_are_auto(config))
		return problem_set(
			problem, -ENOTSUP,
			"--userns auto: only root can give containers ids of others; yours "
			"has those that are set aside for you");
	if (!rootless && users_are(config, "nomap"))
		return problem_set(problem, -EINVAL,
				   "--userns nomap: it is for ordinary users; root is not in the "
				   "container with --userns auto");
	return 0;
}

static int check_users(bool rootless, const struct container_config *config, const char *shared,
		       struct problem *problem)
{
	bool mapped = config->inner_uid_map.count > 0 || config->inner_gid_map.count > 0;
	bool own = mapped || users_are(config, "private") || users_are(config, "keep-id") ||
		   users_are(config, "nomap") || users_are_auto(config);

	if (mapped && config->users)
		return problem_set(problem, -EINVAL,
				   "--uidmap and --gidmap do not go with --userns");
	if (shared && own)
		return problem_set(problem, -EINVAL,
				   "%s%s does not go with a namespace of %s, which belongs to the "
				   "user namespace of that one",
				   mapped ? "--uidmap" : "--userns ", mapped ? "" : config->users,
				   shared);
	return check_whose(rootless, config, problem);
}

/* The caller remains who he is, unless he says who else. */
static int keep_user(struct container_config *config)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%u:%u", geteuid(), getegid());
	return config->user ? 0 : state_set_text(&config->user, text);
}

static int copy_list(const struct string_list *from, struct string_list *to)
{
	int error = 0;

	for (size_t i = 0; !error && i < from->count; i++)
		error = string_list_add(to, from->strings[i]);
	return error;
}

int create_ids_choose(bool rootless, const char *shared, struct container_config *config,
		      struct problem *problem)
{
	int error = check_users(rootless, config, shared, problem);

	if (error)
		return error;
	/* What is said of users only holds for groups too, and the reverse. */
	if (config->inner_gid_map.count == 0)
		error = copy_list(&config->inner_uid_map, &config->inner_gid_map);
	else if (config->inner_uid_map.count == 0)
		error = copy_list(&config->inner_gid_map, &config->inner_uid_map);
	if (!error && !config->users)
		error = state_set_text(&config->users, !rootless ? "host"
						       : shared	 ? shared
								 : "private");
	else if (!error && rootless && users_are(config, "keep-id"))
		error = keep_user(config);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

static int keep_id(struct container_config *config, const struct id_maps *maps,
		   struct problem *problem)
{
	struct id_maps inner;
	int error = maps->single ? -ERANGE : id_maps_keep_id(maps, geteuid(), getegid(), &inner);

	if (error == -ERANGE)
		return problem_set(problem, error,
				   "--userns keep-id: the container has too few ids to have %u:%u "
				   "and those before it; root can add some with usermod "
				   "--add-subuids and --add-subgids",
				   geteuid(), getegid());
	if (error)
		return problem_set(problem, error, "out of memory");
	config->inner_uid_map = inner.uid;
	config->inner_gid_map = inner.gid;
	return 0;
}

/* -- --uidmap and --gidmap -- */

/* INSIDE:OUTSIDE:COUNT is to a process what DISK:SHOWN:COUNT is to a file, so the same rules hold for both. */
static int read_map(const char *option, const struct string_list *texts, struct id_map *map,
		    struct problem *problem)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct problem reason = { .text = "" };
	int error = 0;

	for (size_t i = 0; !error && i < texts->count; i++)
		error = buffer_append_format(&text, "%s%s", i ? ":" : "", texts->strings[i]);
	if (!error)
		error = id_map_parse(buffer_string(&text), map, &reason);
	return error ? problem_set(problem, error, "%s must be INSIDE:OUTSIDE:COUNT: %s", option,
				   reason.text[0] ? reason.text : strerror(-error))
		     : 0;
}

static bool has_root(const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->ranges[i].disk == 0)
			return true;
	return false;
}

static int no_root(const char *option, struct problem *problem)
{
	return problem_set(problem, -EINVAL, "%s: 0 inside must be something outside", option);
}

/*
 * Files are kept under the outer ids that have the same numbers as the inner ones, and the container's own
 * directories are the caller's, who is 0 outside.
 */
static int check_ranges(const char *option, const struct id_map *map, uint32_t ids,
			struct problem *problem)
{
	uint32_t own;

	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *range = &map->ranges[i];

		if (range->count > ids || range->disk > ids - range->count ||
		    range->shown > ids - range->count)
			return problem_set(problem, -EINVAL,
					   "%s %u:%u:%u: the greatest id that you have is %u",
					   option, range->disk, range->shown, range->count,
					   ids - 1);
	}
	if (!has_root(map))
		return no_root(option, problem);
	if (id_map_to_disk(map, 0, &own) < 0)
		return problem_set(problem, -EINVAL,
				   "%s: 0 outside, which is you, must be something inside", option);
	return 0;
}

/* outside: the ids that an ordinary user has; NULL for root, who has all. */
static int check_map(const char *option, struct string_list *texts,
		     const struct string_list *outside, struct problem *problem)
{
	struct id_map map = { 0 };
	int error = read_map(option, texts, &map, problem);

	if (!error && outside)
		error = check_ranges(option, &map, id_maps_count(outside), problem);
	else if (!error && !has_root(&map))
		error = no_root(option, problem);
	/* In the one form that all others read. */
	string_list_free(texts);
	for (size_t i = 0; !error && i < map.count; i++)
		error = string_list_add_format(texts, "%u:%u:%u", map.ranges[i].disk,
					       map.ranges[i].shown, map.ranges[i].count);
	id_map_free(&map);
	return error;
}

static int check_maps(struct container_config *config, const struct id_maps *maps,
		      struct problem *problem)
{
	int error;

	if (maps->single)
		return problem_set(problem, -ERANGE,
				   "--uidmap: you have one id only; root can set some more aside "
				   "with usermod --add-subuids and --add-subgids");
	error = check_map("--uidmap", &config->inner_uid_map, &maps->uid, problem);
	return error ? error : check_map("--gidmap", &config->inner_gid_map, &maps->gid, problem);
}

/* -- root's -- */

static int set_roots(const struct place *place, struct container_config *config,
		     struct problem *problem)
{
	uint32_t size;
	int error = 0;

	if (config->inner_uid_map.count > 0) {
		error = check_map("--uidmap", &config->inner_uid_map, NULL, problem);
		return error ? error : check_map("--gidmap", &config->inner_gid_map, NULL, problem);
	}
	if (users_are_auto(config) || users_are(config, "private")) {
		error = id_ranges_size(config->users, &size);
		return error ? error
			     : id_ranges_choose(place, size, &config->inner_uid_map,
						&config->inner_gid_map, problem);
	}
	/* All that there are, with the same numbers. */
	if (users_are(config, "keep-id") &&
	    (string_list_add(&config->inner_uid_map, "0:0:4294967295") < 0 ||
	     string_list_add(&config->inner_gid_map, "0:0:4294967295") < 0))
		return problem_set(problem, -ENOMEM, "out of memory");
	return 0;
}

/* -- all -- */

/* Everybody but the user: 0 inside is the first of the others. */
static int leave_out(struct container_config *config, const struct id_maps *maps,
		     struct problem *problem)
{
	if (maps->single)
		return problem_set(problem, -ERANGE,
				   "--userns nomap: you have one id only; root can set some more "
				   "aside with usermod --add-subuids and --add-subgids");
	if (string_list_add_format(&config->inner_uid_map, "0:1:%u",
				   id_maps_count(&maps->uid) - 1) < 0 ||
	    string_list_add_format(&config->inner_gid_map, "0:1:%u",
				   id_maps_count(&maps->gid) - 1) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	return 0;
}

int create_ids_set(const struct place *place, struct container_config *config,
		   struct problem *problem)
{
	struct id_maps maps;
	struct problem reason = { .text = "" };

	/* They may be those of another container. */
	if (namespace_mode_container(config->users) || config->uid_map.count > 0)
		return 0;
	if (!place->rootless)
		return set_roots(place, config, problem);
	if (id_maps_of_caller(&maps, &reason) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	config->uid_map = maps.uid;
	config->gid_map = maps.gid;
	config->single_id = maps.single;
	if (users_are(config, "keep-id"))
		return keep_id(config, &maps, problem);
	if (users_are(config, "nomap"))
		return leave_out(config, &maps, problem);
	if (config->inner_uid_map.count > 0)
		return check_maps(config, &maps, problem);
	if (reason.text[0])
		say("%s", reason.text);
	return 0;
}
