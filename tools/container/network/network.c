/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/network.h"

#include "container/network/backends.h"
#include "container/network/hosts.h"
#include "container/network/kind.h"
#include "container/network/rate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int join_machine(const struct container *container, int namespace, struct network *network,
			struct problem *problem)
{
	bool has_hosts = network_hosts_are_shared(&container->config);
	int error = network_start_bridge(container, namespace, network, problem);

	if (error)
		return error;
	network->on_machine = true;
	network->namespace = fcntl(namespace, F_DUPFD_CLOEXEC, 0);
	return has_hosts ? network_hosts_write(container, network->address, problem) : 0;
}

static int start_backend(const struct container *container, int namespace, struct network *network,
			 struct problem *problem)
{
	switch (network_kind(container->config.network)) {
	case NETWORK_PASTA:
		return network_start_pasta(namespace, network, problem);
	case NETWORK_SLIRP4NETNS:
		return network_start_slirp4netns(container, namespace, network, problem);
	default:
		return join_machine(container, namespace, network, problem);
	}
}

static int connect_namespace(const struct container *container, int namespace,
			     struct network *network, struct problem *problem)
{
	const struct container_config *config = &container->config;
	int error = host_ports_take(&config->ports, &network->ports, problem);

	if (!error)
		error = start_backend(container, namespace, network, problem);
	if (!error && config->net_rate > 0)
		error = rate_limit(namespace, config->net_rate, problem);
	return error;
}

int network_start(const struct container *container, int namespace, struct network *ret_network,
		  struct problem *problem)
{
	const struct container_config *config = &container->config;
	struct network network = NETWORK_INIT;
	struct problem reason = { .text = "" };
	int error = connect_namespace(container, namespace, &network, &reason);

	if (error)
		network_stop(container, &network);
	if (error &&
	    (!config->network_is_default || config->ports.count > 0 || config->net_rate > 0))
		return problem_set(problem, error, "%s", reason.text);
	if (error)
		(void)problem_set(&network.warning, error,
				  "the container has no network but a loopback, which --net "
				  "private would say too: %s",
				  reason.text);
	*ret_network = network;
	return 0;
}

void network_stop(const struct container *container, struct network *network)
{
	if (network->on_machine)
		network_end_bridge(container, network->namespace);
	if (network->namespace >= 0)
		(void)close(network->namespace);
	helper_stop(&network->helper);
	host_ports_free(&network->ports);
	free(network->address);
	free(network->gateway);
	*network = NETWORK_INIT;
}

void network_sweep(const struct container *container)
{
	if (network_kind(container->config.network) == NETWORK_NAMED)
		network_end_bridge(container, -1);
}

void network_announce(const struct container *container)
{
	if (network_kind(container->config.network) == NETWORK_NAMED)
		(void)network_hosts_write(container, NULL, NULL);
}
