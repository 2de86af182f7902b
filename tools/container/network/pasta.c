/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/address.h"
#include "container/network/backends.h"
#include "container/network/port.h"

#include <stdio.h>
#include <unistd.h>

/* "-t", "127.0.0.1/8080-8089:80-89" */
static int add_port(const char *text, struct string_list *arguments)
{
	struct port_mapping mapping;
	char address[sizeof(mapping.address) + 1] = "", last[2][8] = { "", "" };
	int error = port_mapping_read(text, &mapping, NULL);

	if (error)
		return error;
	if (mapping.address[0])
		(void)snprintf(address, sizeof(address), "%s/", mapping.address);
	if (mapping.count > 1) {
		(void)snprintf(last[0], sizeof(last[0]), "-%d", mapping.host + mapping.count - 1);
		(void)snprintf(last[1], sizeof(last[1]), "-%d",
			       mapping.container + mapping.count - 1);
	}
	error = string_list_add(arguments, mapping.udp ? "-u" : "-t");
	return error ? error
		     : string_list_add_format(arguments, "%s%d%s:%d%s", address, mapping.host,
					      last[0], mapping.container, last[1]);
}

/* It is to publish nothing that it was not told, as by default it would. */
static int add_ports(const struct string_list *ports, bool udp, struct string_list *arguments)
{
	size_t count = 0;
	int error = 0;

	for (size_t i = 0; !error && i < ports->count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(ports->strings[i], &mapping, NULL);
		if (error || mapping.udp != udp)
			continue;
		error = add_port(ports->strings[i], arguments);
		count++;
	}
	if (!error && count == 0)
		error = string_list_add(arguments, udp ? "-u" : "-t");
	if (!error && count == 0)
		error = string_list_add(arguments, "none");
	return error;
}

/*
 * What it says when it is ready is its process number, in the file that --pid names: here the pipe that is its standard
 * output. What it inherits otherwise it closes, and it gives up the capability to look at our descriptors before it opens the
 * namespace: so that is its standard input.
 */
static int make_arguments(const struct string_list *ports, struct string_list *arguments)
{
	static const char *const fixed[] = {
		"pasta",
		"--foreground",
		"--quiet",
		"--config-net",
		"--no-map-gw",
		"--no-netns-quit",
		"-T",
		"none",
		"-U",
		"none",
		"--pid",
		"/proc/self/fd/1",
		"--dns-forward",
		NETWORK_PASTA_RESOLVER,
		"--netns",
		"/proc/self/fd/0",
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(fixed) / sizeof(*fixed); i++)
		error = string_list_add(arguments, fixed[i]);
	if (!error)
		error = add_ports(ports, false, arguments);
	return error ? error : add_ports(ports, true, arguments);
}

int network_start_pasta(int namespace, struct network *network, struct problem *problem)
{
	struct string_list arguments = STRING_LIST_INIT;
	struct helper_start start = { .input = namespace, .ready = STDOUT_FILENO };
	int error = make_arguments(&network->ports.taken, &arguments);

	/* It binds them itself. */
	host_ports_release(&network->ports);
	if (error) {
		(void)problem_set(problem, error, "out of memory");
	} else {
		start.arguments = (const char *const *)arguments.strings;
		error = helper_start(&start, &network->helper, problem);
	}
	string_list_free(&arguments);
	if (!error)
		network_address_find(namespace, &network->address);
	return error;
}
