/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/backends.h"

#include "base/cleanup.h"
#include "container/network/cni.h"
#include "container/network/machine.h"
#include "container/network/port.h"
#include "container/network/record.h"
#include "oci/json_get.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A step of making or ending a connection, for one container. */
struct connection {
	const struct container *container;
	const struct network_record *record;
	const char *namespace; /* a path, "": it is gone */
};

/* -- what is said to plugins -- */

static json_object *make_network(const struct connection *connection, const char *type)
{
	CLEANUP(json_put) json_object *network = json_object_new_object();

	if (!network || json_add_string(network, "cniVersion", CNI_VERSION) < 0 ||
	    json_add_string(network, "name", connection->record->name) < 0 ||
	    json_add_string(network, "type", type) < 0)
		return NULL;
	return steal_pointer(&network);
}

/* [[{"subnet": ..., "gateway": ...}]] */
static int add_ranges(json_object *ipam, const struct network_record *record)
{
	json_object *sets = json_object_new_array(), *set, *range;
	int error = json_add(ipam, "ranges", sets);

	if (error)
		return error;
	set = json_object_new_array();
	error = json_append(sets, set);
	if (error)
		return error;
	range = json_object_new_object();
	error = json_append(set, range);
	if (!error)
		error = json_add_string(range, "subnet", record->subnet);
	return error ? error : json_add_string(range, "gateway", record->gateway);
}

static int add_default_route(json_object *ipam)
{
	json_object *routes = json_object_new_array(), *route;
	int error = json_add(ipam, "routes", routes);

	if (error)
		return error;
	route = json_object_new_object();
	error = json_append(routes, route);
	return error ? error : json_add_string(route, "dst", "0.0.0.0/0");
}

/* Who has which address is kept with what does not outlive the machine's run. */
static int add_ipam(json_object *network, const struct connection *connection)
{
	json_object *ipam = json_object_new_object();
	cleanup_free char *directory = NULL;
	int error = json_add(network, "ipam", ipam);

	if (error)
		return error;
	if (asprintf(&directory, "%s/addresses", connection->container->place->run) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	error = json_add_string(ipam, "type", "host-local");
	if (!error)
		error = json_add_string(ipam, "dataDir", directory);
	if (!error)
		error = add_ranges(ipam, connection->record);
	return error || connection->record->internal ? error : add_default_route(ipam);
}

/* {"cni": {"ips": [...]}} */
static int add_wanted_address(json_object *network, const char *address)
{
	json_object *arguments = json_object_new_object(), *cni, *addresses;
	int error = json_add(network, "args", arguments);

	if (error)
		return error;
	cni = json_object_new_object();
	error = json_add(arguments, "cni", cni);
	if (error)
		return error;
	addresses = json_object_new_array();
	error = json_add(cni, "ips", addresses);
	return error ? error : json_append(addresses, json_object_new_string(address));
}

static json_object *make_bridge(const struct connection *connection)
{
	const struct container_config *config = &connection->container->config;
	CLEANUP(json_put) json_object *network = make_network(connection, "bridge");

	if (!network || json_add_string(network, "bridge", connection->record->interface) < 0 ||
	    json_add(network, "isGateway", json_object_new_boolean(!connection->record->internal)) <
		    0 ||
	    json_add(network, "hairpinMode", json_object_new_boolean(true)) < 0 ||
	    add_ipam(network, connection) < 0 ||
	    (config->address && add_wanted_address(network, config->address) < 0))
		return NULL;
	return steal_pointer(&network);
}

static json_object *make_mapping(const struct port_mapping *mapping, uint16_t i)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();

	/* To end it, it is enough to know that there are ports. */
	if (!object ||
	    json_add_number(object, "hostPort", mapping->host ? mapping->host + i : 1U) < 0 ||
	    json_add_number(object, "containerPort", (uint64_t)mapping->container + i) < 0 ||
	    json_add_string(object, "protocol", port_mapping_protocol(mapping)) < 0 ||
	    (mapping->address[0] && json_add_string(object, "hostIP", mapping->address) < 0))
		return NULL;
	return steal_pointer(&object);
}

static int add_mappings(json_object *network, const struct string_list *ports)
{
	json_object *runtime = json_object_new_object(), *mappings;
	int error = json_add(network, "runtimeConfig", runtime);

	if (error)
		return error;
	mappings = json_object_new_array();
	error = json_add(runtime, "portMappings", mappings);
	for (size_t i = 0; !error && i < ports->count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(ports->strings[i], &mapping, NULL);
		for (uint16_t j = 0; !error && j < mapping.count; j++)
			error = json_append(mappings, make_mapping(&mapping, j));
	}
	return error;
}

/* previous: what the bridge answered, NULL to end it. */
static json_object *make_portmap(const struct connection *connection,
				 const struct string_list *ports, json_object *previous)
{
	CLEANUP(json_put) json_object *network = make_network(connection, "portmap");

	if (!network || json_add(network, "snat", json_object_new_boolean(true)) < 0 ||
	    add_mappings(network, ports) < 0 ||
	    (previous && json_add(network, "prevResult", json_object_get(previous)) < 0))
		return NULL;
	return steal_pointer(&network);
}

static int call(const struct connection *connection, const char *plugin, const char *command,
		json_object *network, json_object **ret_result, struct problem *problem)
{
	const struct cni_call call = {
		.plugin = plugin,
		.command = command,
		.container = connection->container->id,
		.namespace = connection->namespace,
		.network = network,
	};

	return network ? cni_run(&call, ret_result, problem)
		       : problem_set(problem, -ENOMEM, "out of memory");
}

/* -- what they answer -- */

static int not_understood(struct problem *problem)
{
	return problem_set(problem, -EIO, "CNI plugin bridge: its answer tells no address");
}

/* {"ips": [{"address": "10.89.0.2/24", "gateway": "10.89.0.1"}]} */
static int read_result(json_object *result, struct network *network, struct problem *problem)
{
	struct json_reader reader = {
		.object = result, .document = "the answer", .within = "", .problem = problem
	};
	json_object *addresses = NULL;
	const char *address = NULL, *gateway = NULL;

	if (!result || json_get_array(&reader, "ips", 64, &addresses) < 0 || !addresses ||
	    json_object_array_length(addresses) == 0)
		return not_understood(problem);
	reader.object = json_object_array_get_idx(addresses, 0);
	if (!json_object_is_type(reader.object, json_type_object) ||
	    json_get_string(&reader, "address", &address) < 0 ||
	    json_get_string(&reader, "gateway", &gateway) < 0 || !address)
		return not_understood(problem);
	network->address = strndup(address, strcspn(address, "/"));
	network->gateway = strdup(gateway ? gateway : "");
	return network->address && network->gateway
		       ? 0
		       : problem_set(problem, -ENOMEM, "out of memory");
}

/* -- the two ends -- */

static int check_ports(const struct string_list *ports, struct problem *problem)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->strings[i][0] == '[')
			return problem_set(problem, -ENOTSUP,
					   "-p %s: networks of the machine have IPv4 addresses "
					   "only",
					   ports->strings[i]);
	return 0;
}

static int add(const struct connection *connection, struct network *network,
	       struct problem *problem)
{
	CLEANUP(json_put) json_object *bridge = make_bridge(connection);
	CLEANUP(json_put) json_object *result = NULL, *portmap = NULL, *mapped = NULL;
	int error = call(connection, "bridge", "ADD", bridge, &result, problem);

	if (!error)
		error = read_result(result, network, problem);
	if (error || network->ports.taken.count == 0)
		return error;
	portmap = make_portmap(connection, &network->ports.taken, result);
	return call(connection, "portmap", "ADD", portmap, &mapped, problem);
}

static void end(const struct connection *connection)
{
	const struct string_list *ports = &connection->container->config.ports;
	CLEANUP(json_put) json_object *bridge = make_bridge(connection);
	CLEANUP(json_put) json_object *portmap = NULL, *result = NULL, *unmapped = NULL;

	if (ports->count > 0) {
		portmap = make_portmap(connection, ports, NULL);
		(void)call(connection, "portmap", "DEL", portmap, &unmapped, NULL);
	}
	(void)call(connection, "bridge", "DEL", bridge, &result, NULL);
}

static void name_namespace(int namespace, char path[48])
{
	(void)snprintf(path, 48, "/proc/%d/fd/%d", getpid(), namespace);
}

int network_start_bridge(const struct container *container, int namespace, struct network *network,
			 struct problem *problem)
{
	cleanup_network_record struct network_record record = { 0 };
	char path[48];
	const struct connection connection = {
		.container = container,
		.record = &record,
		.namespace = path,
	};
	cleanup_fd int lock = -1;
	int error = check_ports(&network->ports.taken, problem);

	name_namespace(namespace, path);
	if (!error)
		error = network_record_read(container->place, container->config.network, &record,
					    problem);
	if (error)
		return error;
	lock = network_records_lock(container->place, problem);
	error = lock < 0 ? lock : machine_add_masquerade(&record, problem);
	if (!error)
		error = add(&connection, network, problem);
	if (error)
		end(&connection);
	return error;
}

/* While somebody else is in the namespace, only by way of it can it be taken off the network. */
void network_end_bridge(const struct container *container, int namespace)
{
	cleanup_network_record struct network_record record = { 0 };
	char path[48] = "";
	const struct connection connection = {
		.container = container,
		.record = &record,
		.namespace = path,
	};
	cleanup_fd int lock = -1;

	if (namespace >= 0)
		name_namespace(namespace, path);
	if (network_record_read(container->place, container->config.network, &record, NULL) < 0)
		return;
	lock = network_records_lock(container->place, NULL);
	if (lock >= 0)
		end(&connection);
}
