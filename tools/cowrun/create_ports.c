/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/create_ports.h"

#include "container/network/kind.h"
#include "container/network/port.h"

#include <errno.h>
#include <string.h>

static int add(const struct port_mapping *mapping, struct container_config *config)
{
	char text[PORT_TEXT_SIZE];

	port_mapping_text(mapping, text);
	return string_list_add(&config->ports, text);
}

int create_ports_add(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;
	struct port_mapping mapping;
	int error = port_mapping_read(value, &mapping, problem);

	return error ? error : add(&mapping, &options->config);
}

int create_ports_add_exposed(const struct string_list *exposed, struct container_config *config,
			     struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < exposed->count; i++) {
		struct port_mapping mapping;

		/* What an image says may be anything. */
		if (port_mapping_read(exposed->strings[i], &mapping, NULL) < 0 || mapping.host ||
		    mapping.address[0])
			return problem_set(problem, -EINVAL,
					   "-P: the image exposes \"%.64s\", which is no port",
					   exposed->strings[i]);
		if (!port_list_has(&config->ports, &mapping))
			error = add(&mapping, config);
	}
	return error ? problem_set(problem, error, "out of memory") : 0;
}

int create_ports_check(bool rootless, struct create_options *options, struct problem *problem)
{
	struct container_config *config = &options->config;

	if (config->ports.count == 0 || network_is_connected(config->network))
		return 0;
	if (strcmp(config->network, "host") == 0) {
		string_list_free(&config->ports);
		(void)problem_set(&options->warning, 0,
				  "-p does nothing with --net host: the ports of the container are "
				  "those of this machine");
		return 0;
	}
	if (!config->network_is_default)
		return problem_set(problem, -EINVAL,
				   "-p does not go with --net %s, which leads nowhere outside",
				   config->network);
	if (rootless)
		return problem_set(problem, -EINVAL,
				   "-p needs a program that makes connections for an ordinary "
				   "user: install the package passt or slirp4netns, and see that "
				   "/dev/net/tun may be opened (chmod 666)");
	return problem_set(problem, -EINVAL,
			   "-p needs a network that leads outside: install the packages "
			   "containernetworking-plugins and iptables");
}
