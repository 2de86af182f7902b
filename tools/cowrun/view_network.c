/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/view_network.h"

#include "base/buffer.h"
#include "container/network/port.h"

#include <stdio.h>

static const char *address_of(const struct port_mapping *mapping)
{
	return mapping->address[0] ? mapping->address : "0.0.0.0";
}

/* -- as JSON: {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]} -- */

static json_object *make_binding(const struct port_mapping *mapping, uint16_t i)
{
	json_object *binding = json_object_new_object();
	char port[8] = "";

	if (mapping->host)
		(void)snprintf(port, sizeof(port), "%d", mapping->host + i);
	if (!binding || json_add_string(binding, "HostIp", address_of(mapping)) < 0 ||
	    json_add_string(binding, "HostPort", port) < 0) {
		json_put(binding);
		return NULL;
	}
	return binding;
}

static int add_binding(json_object *ports, const struct port_mapping *mapping, uint16_t i)
{
	json_object *bindings = NULL;
	char key[16];
	int error = 0;

	(void)snprintf(key, sizeof(key), "%d/%s", mapping->container + i,
		       port_mapping_protocol(mapping));
	if (!json_object_object_get_ex(ports, key, &bindings)) {
		bindings = json_object_new_array();
		error = json_add(ports, key, bindings);
	}
	return error ? error : json_append(bindings, make_binding(mapping, i));
}

static int add_bindings(json_object *object, const char *name, const struct string_list *mappings)
{
	json_object *ports = json_object_new_object();
	int error = json_add(object, name, ports);

	for (size_t i = 0; !error && i < mappings->count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(mappings->strings[i], &mapping, NULL);
		for (uint16_t j = 0; !error && j < mapping.count; j++)
			error = add_binding(ports, &mapping, j);
	}
	return error;
}

int view_port_bindings(const struct container_config *config, json_object *object)
{
	return add_bindings(object, "PortBindings", &config->ports);
}

static int add_place(json_object *object, const char *address, const char *gateway)
{
	int error = json_add_string(object, "IPAddress", address ? address : "");

	return error ? error : json_add_string(object, "Gateway", gateway ? gateway : "");
}

int view_network(const struct container *container, json_object *object)
{
	static const struct container_state none = { 0 };
	const struct container_state *state =
		state_is_live(&container->state) ? &container->state : &none;
	json_object *settings = json_object_new_object();
	int error = json_add(object, "NetworkSettings", settings);

	if (!error)
		error = add_bindings(settings, "Ports", &state->ports);
	if (!error)
		error = add_place(settings, state->address, state->gateway);
	if (!error) {
		json_object *networks = json_object_new_object();
		json_object *network = json_object_new_object();

		error = json_add(settings, "Networks", networks);
		if (error)
			json_put(network);
		else
			error = json_add(networks, container->config.network, network);
		if (!error)
			error = add_place(network, state->address, state->gateway);
	}
	return error;
}

/* -- as text -- */

static int append_mapping(struct buffer *text, const struct port_mapping *mapping)
{
	char last[2][8] = { "", "" };

	if (mapping->count > 1) {
		(void)snprintf(last[0], sizeof(last[0]), "-%d", mapping->host + mapping->count - 1);
		(void)snprintf(last[1], sizeof(last[1]), "-%d",
			       mapping->container + mapping->count - 1);
	}
	return buffer_append_format(text, "%s%s:%d%s->%d%s/%s", text->length ? ", " : "",
				    address_of(mapping), mapping->host, last[0], mapping->container,
				    last[1], port_mapping_protocol(mapping));
}

int view_ports(const struct container *container, json_object *object)
{
	const struct container_state *state = &container->state;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = 0;

	for (size_t i = 0; !error && state_is_live(state) && i < state->ports.count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(state->ports.strings[i], &mapping, NULL);
		if (!error)
			error = append_mapping(&text, &mapping);
	}
	return error ? error : json_add_string(object, "Ports", buffer_string(&text));
}
