/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun port: which ports of the machine lead to those of a container. */
#include "container/network/port.h"

#include "cowrun/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun port CONTAINER [PORT[/PROTOCOL]]\n"
	"\n"
	"Shows which addresses and ports of this machine lead to those of a container that runs; or only\n"
	"to one of them. The protocol is tcp or udp (tcp).\n";

static const struct option_table table = { .rules = NULL };

static void print_one(const struct port_mapping *mapping, uint16_t i, bool with_port)
{
	bool is_v6 = strchr(mapping->address, ':');

	if (with_port)
		(void)printf("%d/%s -> ", mapping->container + i, port_mapping_protocol(mapping));
	(void)printf("%s%s%s:%d\n", is_v6 ? "[" : "",
		     mapping->address[0] ? mapping->address : "0.0.0.0", is_v6 ? "]" : "",
		     mapping->host + i);
}

/* Those of the mapping that are asked for. How many there are. */
static int print(const struct port_mapping *mapping, const struct port_mapping *wanted)
{
	int found = 0;

	for (uint16_t i = 0; i < mapping->count; i++) {
		if (wanted &&
		    (mapping->udp != wanted->udp || mapping->container + i != wanted->container))
			continue;
		print_one(mapping, i, !wanted);
		found++;
	}
	return found;
}

static int print_all(const struct container *container, const char *port, struct problem *problem)
{
	const struct string_list *ports = &container->state.ports;
	struct port_mapping wanted, mapping;
	int found = 0;

	if (port && (port_mapping_read(port, &wanted, NULL) < 0 || wanted.host ||
		     wanted.address[0] || wanted.count > 1))
		return problem_set(problem, -EINVAL, "%s: it must be PORT[/tcp|/udp]", port);
	for (size_t i = 0; state_is_live(&container->state) && i < ports->count; i++)
		if (port_mapping_read(ports->strings[i], &mapping, NULL) == 0)
			found += print(&mapping, port ? &wanted : NULL);
	return port && !found
		       ? problem_set(problem, -ENOENT, "container %s: no port leads to its port %s",
				     container->config.name, port)
		       : 0;
}

int command_port(int argc, char **argv)
{
	cleanup_container struct container container = CONTAINER_INIT;
	struct place place;
	struct problem problem;
	int count, status, error;

	if (!command_read(&table, usage, argc, argv, NULL, &count, &status))
		return status;
	if (count < 1 || count > 2)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	error = container_find(&place, argv[1], &container, &problem);
	if (!error)
		error = container_refresh(&container, &problem);
	if (!error)
		error = print_all(&container, count > 1 ? argv[2] : NULL, &problem);
	place_close(&place);
	return error ? command_failed(&problem) : command_flush(STATUS_OK);
}
