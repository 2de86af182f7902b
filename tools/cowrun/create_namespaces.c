/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/create_namespaces.h"

#include "container/namespaces/mode.h"
#include "container/network/kind.h"
#include "container/network/record.h"
#include "container/network/subnet.h"
#include "cowrun/create_ids.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* -- what is said -- */

static bool is_known(const char *value, const char *first, const char *second)
{
	const char *container = namespace_mode_container(value);

	return container ? container[0] != '\0'
			 : strcmp(value, first) == 0 || strcmp(value, second) == 0;
}

int create_namespaces_check(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return is_known(value, "host", "private")
		       ? 0
		       : problem_set(problem, -EINVAL,
				     "a namespace can be host, private or container:CONTAINER, not "
				     "%s",
				     value);
}

int create_namespaces_check_two(const char *value, void *options, struct problem *problem)
{
	(void)options;
	if (strcmp(value, "host") == 0 || strcmp(value, "private") == 0)
		return 0;
	return problem_set(problem, -EINVAL,
			   "a namespace of control groups or time can be host or private, not %s",
			   value);
}

int create_namespaces_check_network(const char *value, void *options, struct problem *problem)
{
	enum network_kind kind = network_kind(value);

	if (kind == NETWORK_NAMED ? network_name_is_valid(value)
				  : network_is_connected(value) || strcmp(value, "none") == 0 ||
					    create_namespaces_check(value, options, NULL) == 0)
		return 0;
	return problem_set(problem, -EINVAL,
			   "--net %s: host, none, private, pasta, slirp4netns, "
			   "container:CONTAINER and the names of networks are known",
			   value);
}

static int choose_network(bool rootless, struct container_config *config, struct problem *problem)
{
	if (config->network)
		return network_kind_check(config->network, rootless, problem);
	config->network_is_default = true;
	if (state_set_text(&config->network, network_kind_default(rootless)) < 0)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (create_namespaces_check_network(config->network, NULL, NULL) < 0 ||
	    namespace_mode_container(config->network))
		return problem_set(problem, -EINVAL,
				   "the network %s, named by $COWRUN_NETWORK, is not one that can "
				   "be a default",
				   config->network);
	return network_kind_check(config->network, rootless, problem);
}

/* It must be there, and have the address. */
static int check_machine_network(const struct place *place, const struct container_config *config,
				 struct problem *problem)
{
	cleanup_network_record struct network_record record = { 0 };
	struct subnet subnet;
	uint32_t address;
	int error;

	if (config->net_rate > 0 && !network_is_connected(config->network))
		return problem_set(problem, -EINVAL,
				   "--net-rate needs an interface of the container's own, and not "
				   "--net %s",
				   config->network);
	if (network_kind(config->network) != NETWORK_NAMED)
		return config->address
			       ? problem_set(problem, -EINVAL,
					     "--ip needs a network of this machine, not --net %s",
					     config->network)
			       : 0;
	error = network_record_read(place, config->network, &record, problem);
	if (error || !config->address)
		return error;
	if (subnet_read(record.subnet, &subnet) < 0 ||
	    subnet_address_read(config->address, &address) < 0 || !subnet_has(&subnet, address))
		return problem_set(problem, -EINVAL, "--ip %s: network %s has the addresses %s",
				   config->address, record.name, record.subnet);
	return 0;
}

/* As docker has it: who shares a network has the names there that the other one has. */
static int check_names(const struct container_config *config, struct problem *problem)
{
	bool shares_network = namespace_mode_container(config->network);

	if (config->hostname && (shares_network || !namespace_mode_is_own(config->uts)))
		return problem_set(problem, -EINVAL,
				   "--hostname needs a host name of its own, not %s %s",
				   shares_network ? "--net" : "--uts",
				   shares_network ? config->network : config->uts);
	if (shares_network && config->extra_hosts.count > 0)
		return problem_set(problem, -EINVAL,
				   "--add-host does not go with --net %s: /etc/hosts is as that "
				   "container's",
				   config->network);
	if (shares_network && config->name_servers.count > 0)
		return problem_set(problem, -EINVAL,
				   "--dns does not go with --net %s: /etc/resolv.conf is as that "
				   "container's",
				   config->network);
	return 0;
}

/* Values of the kernel's belong to a namespace, and are changed only in one of the container's own. */
static int check_sysctls(const struct container_config *config, struct problem *problem)
{
	for (size_t i = 0; i < config->sysctls.count; i++) {
		const char *sysctl = config->sysctls.strings[i];
		bool is_network = strncmp(sysctl, "net.", 4) == 0;
		const char *mode = is_network ? config->network : config->ipc;

		if (!namespace_mode_is_own(mode))
			return problem_set(problem, -EINVAL,
					   "--sysctl %s: with --%s %s it would not be the "
					   "container's alone",
					   sysctl, is_network ? "net" : "ipc", mode);
	}
	return 0;
}

/* -- whose they are -- */

static int copy_list(const struct string_list *from, struct string_list *to)
{
	int error = 0;

	string_list_free(to);
	for (size_t i = 0; !error && i < from->count; i++)
		error = string_list_add(to, from->strings[i]);
	return error;
}

static int take_names(const struct container_config *from, struct container_config *config)
{
	int error = state_set_text(&config->hostname, from->hostname);

	if (!error)
		error = copy_list(&from->extra_hosts, &config->extra_hosts);
	return error ? error : copy_list(&from->name_servers, &config->name_servers);
}

static int take_host_name(const struct container_config *from, struct container_config *config)
{
	return state_set_text(&config->hostname, from->hostname);
}

static int take_ids(const struct container_config *from, struct container_config *config)
{
	int error = copy_list(&from->uid_map, &config->uid_map);

	config->single_id = from->single_id;
	if (!error)
		error = copy_list(&from->gid_map, &config->gid_map);
	if (!error)
		error = copy_list(&from->inner_uid_map, &config->inner_uid_map);
	return error ? error : copy_list(&from->inner_gid_map, &config->inner_gid_map);
}

/* What is taken over from the other container's configuration; NULL: nothing. */
typedef int take_function(const struct container_config *from, struct container_config *config);

/* A mode of container:NAME becomes one of container:ID. */
static int resolve(const struct place *place, char **mode, struct container_config *config,
		   take_function *take, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	const char *name = namespace_mode_container(*mode);
	char text[sizeof("container:") + CONTAINER_ID_LENGTH];
	int error;

	if (!name)
		return 0;
	error = container_find(place, name, &container, problem);
	if (error)
		return error;
	(void)snprintf(text, sizeof(text), "container:%s", container.id);
	error = state_set_text(mode, text);
	if (!error && take)
		error = take(&container.config, config);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

/* The first of them that is another container's. */
static const char *first_shared(const struct container_config *config)
{
	const char *const modes[] = { config->network, config->pid, config->ipc, config->uts };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (namespace_mode_container(modes[i]))
			return modes[i];
	return NULL;
}

int create_namespaces_resolve(const struct place *place, struct container_config *config,
			      struct problem *problem)
{
	int error = choose_network(place->rootless, config, problem);

	if (!error)
		error = check_machine_network(place, config, problem);
	if (!error)
		error = check_names(config, problem);
	if (!error)
		error = check_sysctls(config, problem);
	if (!error)
		error = create_ids_choose(place->rootless, first_shared(config), config, problem);
	if (!error)
		error = resolve(place, &config->network, config, take_names, problem);
	if (!error)
		error = resolve(place, &config->pid, config, NULL, problem);
	if (!error)
		error = resolve(place, &config->ipc, config, NULL, problem);
	if (!error)
		error = resolve(place, &config->uts, config, take_host_name, problem);
	return error ? error : resolve(place, &config->users, config, take_ids, problem);
}
