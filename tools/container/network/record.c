/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/record.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/event/event.h"
#include "container/network/kind.h"
#include "container/network/machine.h"
#include "container/network/subnet.h"
#include "container/record/container.h"
#include "container/record/json_file.h"
#include "container/record/users.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define DEFAULT_NAME "bridge"
#define SUFFIX ".json"
#define NAME_LENGTH_MAX 64
/* Those that are chosen: 10.89.0.0/24 to 10.89.255.0/24. */
#define FIRST_SUBNET 0x0a590000U
#define SUBNETS 256

#define RECORD(kind, member)                                                                       \
	{                                                                                          \
		.name = #member, .type = (kind), .offset = offsetof(struct network_record, member) \
	}

static const struct field record_fields[] = {
	RECORD(FIELD_STRING, name),	 RECORD(FIELD_STRING, created),
	RECORD(FIELD_STRING, subnet),	 RECORD(FIELD_STRING, gateway),
	RECORD(FIELD_STRING, interface), RECORD(FIELD_BOOL, internal),
};

static const struct field_table record_table = FIELD_TABLE(record_fields, struct network_record);

void network_record_free(struct network_record *record)
{
	fields_free(&record_table, record);
}

bool network_name_is_valid(const char *name)
{
	return container_name_is_valid(name) && strlen(name) <= NAME_LENGTH_MAX &&
	       network_kind(name) == NETWORK_NAMED;
}

static int failed(const struct place *place, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s/networks: %s", place->data, strerror(-error));
}

static int open_all(const struct place *place)
{
	if (mkdirat(place->data_fd, "networks", 0700) < 0 && errno != EEXIST)
		return -errno;
	return confined_open(place->data_fd, "networks", O_RDONLY | O_DIRECTORY, 0);
}

int network_records_lock(const struct place *place, struct problem *problem)
{
	cleanup_fd int all = open_all(place);

	if (all < 0)
		return failed(place, all, problem);
	while (flock(all, LOCK_EX) < 0)
		if (errno != EINTR)
			return failed(place, -errno, problem);
	return steal_fd(&all);
}

/* -- reading -- */

static void file_name(const char *name, char file[NAME_MAX + 1])
{
	(void)snprintf(file, NAME_MAX + 1, "%s" SUFFIX, name);
}

static int read_record(int all, const char *name, struct network_record *ret_record)
{
	CLEANUP(json_put) json_object *object = NULL;
	struct network_record record = { 0 };
	char file[NAME_MAX + 1];
	struct subnet subnet;
	int error;

	file_name(name, file);
	error = json_file_read(all, file, &object);
	if (!error)
		error = fields_from_json(&record_table, object, &record);
	if (!error &&
	    (!record.name || !record.interface || !record.gateway || !record.subnet ||
	     subnet_read(record.subnet, &subnet) < 0 || strlen(record.interface) >= IFNAMSIZ))
		error = -EINVAL;
	if (error) {
		network_record_free(&record);
		return error;
	}
	*ret_record = record;
	return 0;
}

int network_record_read(const struct place *place, const char *name,
			struct network_record *ret_record, struct problem *problem)
{
	cleanup_fd int all = open_all(place);
	int error;

	if (all < 0)
		return failed(place, all, problem);
	error = network_name_is_valid(name) ? read_record(all, name, ret_record) : -ENOENT;
	if (error == -ENOENT && strcmp(name, DEFAULT_NAME) == 0) {
		struct network_record wanted = { .name = strdup(DEFAULT_NAME) };

		error = wanted.name ? network_record_create(place, &wanted, problem) : -ENOMEM;
		network_record_free(&wanted);
		/* Somebody may have been faster. */
		if (error && error != -EEXIST)
			return error;
		error = read_record(all, name, ret_record);
	}
	if (error == -ENOENT)
		return problem_set(problem, error,
				   "there is no network %s; \"cowrun network create %s\" makes it",
				   name, name);
	return error ? problem_set(problem, error, "the record of network %s in %s/networks: %s",
				   name, place->data, strerror(-error))
		     : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(int all, struct string_list *names)
{
	CLEANUP(closedir) DIR *stream = NULL;
	const struct dirent *entry;
	int error = confined_open_stream(all, NULL, &stream);

	while (!error && (entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		char name[NAME_MAX + 1];

		if (length <= strlen(SUFFIX) ||
		    strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(length - strlen(SUFFIX)),
			       entry->d_name);
		if (network_name_is_valid(name))
			error = string_list_add(names, name);
	}
	if (!error && names->count > 0)
		qsort(names->strings, names->count, sizeof(*names->strings), compare_names);
	return error;
}

int network_records_list(const struct place *place, struct string_list *names,
			 struct problem *problem)
{
	cleanup_fd int all = open_all(place);
	int error = all < 0 ? all : list(all, names);

	return error ? failed(place, error, problem) : 0;
}

/* -- making -- */

/* Whether another network has the subnet or the interface; then *ret_name tells which one. */
static int find_holder(int all, const struct subnet *wanted, const char *interface, char **ret_name)
{
	struct string_list names = STRING_LIST_INIT;
	int error = list(all, &names);

	*ret_name = NULL;
	for (size_t i = 0; !error && !*ret_name && i < names.count; i++) {
		cleanup_network_record struct network_record record = { 0 };
		struct subnet subnet;

		/* One that is damaged is in nobody's way. */
		if (read_record(all, names.strings[i], &record) < 0 ||
		    subnet_read(record.subnet, &subnet) < 0)
			continue;
		if (subnet_overlaps(&subnet, wanted) ||
		    (interface && strcmp(record.interface, interface) == 0))
			*ret_name = steal_pointer(&record.name);
	}
	string_list_free(&names);
	return error;
}

/* An interface that neither the machine nor another network has. */
static int choose_interface(int all, char name[IFNAMSIZ])
{
	static const struct subnet none = { .first = UINT32_MAX, .prefix = 30 };

	for (unsigned i = 0; i < 4 * SUBNETS; i++) {
		cleanup_free char *holder = NULL;
		int error;

		(void)snprintf(name, IFNAMSIZ, "cowrun%u", i);
		error = find_holder(all, &none, name, &holder);
		if (error)
			return error;
		if (!holder && if_nametoindex(name) == 0)
			return 0;
	}
	return -ENOSPC;
}

static int choose_subnet(int all, struct subnet *ret_subnet)
{
	for (uint32_t i = 0; i < SUBNETS; i++) {
		const struct subnet subnet = { .first = FIRST_SUBNET + (i << 8), .prefix = 24 };
		cleanup_free char *holder = NULL;
		int error = find_holder(all, &subnet, NULL, &holder);

		if (error)
			return error;
		if (!holder && !machine_has_subnet(&subnet)) {
			*ret_subnet = subnet;
			return 0;
		}
	}
	return -ENOSPC;
}

/* The one that is asked for, if it can be had. */
static int check_subnet(int all, const char *text, struct subnet *ret_subnet,
			struct problem *problem)
{
	cleanup_free char *holder = NULL;
	int error = subnet_read(text, ret_subnet);

	if (error)
		return problem_set(problem, error,
				   "--subnet %s: it must be the first address and a number of bits "
				   "from 8 to 30, as 10.90.0.0/24",
				   text);
	error = find_holder(all, ret_subnet, NULL, &holder);
	if (!error && holder)
		return problem_set(problem, -EADDRINUSE,
				   "--subnet %s: network %s has these addresses", text, holder);
	if (!error && machine_has_subnet(ret_subnet))
		return problem_set(problem, -EADDRINUSE,
				   "--subnet %s: an interface of this machine has these addresses",
				   text);
	return error;
}

static int set_gateway(struct network_record *record, const struct subnet *subnet,
		       struct problem *problem)
{
	char text[SUBNET_TEXT_SIZE];
	uint32_t address;

	if (!record->gateway) {
		subnet_address_text(subnet->first + 1, text);
		return state_set_text(&record->gateway, text);
	}
	if (subnet_address_read(record->gateway, &address) < 0 || !subnet_has(subnet, address))
		return problem_set(problem, -EINVAL, "--gateway %s: it is no address of %s",
				   record->gateway, record->subnet);
	return 0;
}

static int complete(int all, struct network_record *record, struct problem *problem)
{
	char interface[IFNAMSIZ], text[TIME_TEXT_SIZE], written[SUBNET_TEXT_SIZE];
	struct subnet subnet = { 0 };
	int error = record->subnet ? check_subnet(all, record->subnet, &subnet, problem)
				   : choose_subnet(all, &subnet);

	if (error == -ENOSPC)
		return problem_set(
			problem, error,
			"all subnets of 10.89.0.0/16 are in use; choose one by --subnet");
	if (error)
		return error;
	subnet_text(&subnet, written);
	time_text_now(text);
	error = state_set_text(&record->subnet, written);
	if (!error)
		error = state_set_text(&record->created, text);
	if (!error)
		error = set_gateway(record, &subnet, problem);
	if (!error)
		error = choose_interface(all, interface);
	return error ? error : state_set_text(&record->interface, interface);
}

static int write_record(int all, const struct network_record *record)
{
	CLEANUP(json_put) json_object *object = NULL;
	char file[NAME_MAX + 1];
	int error = fields_to_json(&record_table, record, &object);

	file_name(record->name, file);
	return error ? error : json_file_write(all, file, object, true);
}

int network_record_create(const struct place *place, struct network_record *record,
			  struct problem *problem)
{
	struct problem reason = { .text = "" };
	cleanup_fd int all = -1;
	char file[NAME_MAX + 1];
	int error;

	if (!network_name_is_valid(record->name))
		return problem_set(problem, -EINVAL,
				   "%s: letters, digits and _.- make the name of a network, which "
				   "must not be one that --net has",
				   record->name);
	all = network_records_lock(place, problem);
	if (all < 0)
		return all;
	file_name(record->name, file);
	if (faccessat(all, file, F_OK, 0) == 0)
		return problem_set(problem, -EEXIST, "there is a network %s already", record->name);
	error = complete(all, record, &reason);
	if (!error)
		error = write_record(all, record);
	if (error)
		return problem_set(problem, error, "network %s: %s", record->name,
				   reason.text[0] ? reason.text : strerror(-error));
	event_of(place, "network", record->name, "create", EVENT_ATTRIBUTES({ "type", "bridge" }));
	return 0;
}

/* -- removing -- */

/* A container_uses_function. */
static bool has_network(const struct container_config *config, const void *name)
{
	return config->network && strcmp(config->network, name) == 0;
}

int network_record_remove(const struct place *place, const char *name, struct problem *problem)
{
	cleanup_network_record struct network_record record = { 0 };
	struct string_list users = STRING_LIST_INIT;
	cleanup_fd int all = -1;
	char file[NAME_MAX + 1];
	int error;

	if (strcmp(name, DEFAULT_NAME) == 0)
		return problem_set(problem, -EINVAL,
				   "network %s cannot be removed: it is always there", name);
	error = network_record_read(place, name, &record, problem);
	if (error)
		return error;
	all = network_records_lock(place, problem);
	error = all < 0 ? all : container_users(place, has_network, name, &users, problem);
	if (!error && users.count > 0)
		error = problem_set(problem, -EBUSY,
				    "network %s is that of container %s; remove that one first",
				    name, users.strings[0]);
	string_list_free(&users);
	if (error)
		return error;
	machine_remove_bridge(&record);
	file_name(name, file);
	if (unlinkat(all, file, 0) < 0 && errno != ENOENT)
		return problem_set(problem, -errno, "network %s: %s", name, strerror(errno));
	event_of(place, "network", name, "destroy", EVENT_ATTRIBUTES({ "type", "bridge" }));
	return 0;
}
