/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/host_ports.h"

#include "base/cleanup.h"
#include "container/network/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(const struct port_mapping *mapping, uint16_t port,
			      union address *address)
{
	*address = (union address){ 0 };
	if (strchr(mapping->address, ':')) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons(port);
		(void)inet_pton(AF_INET6, mapping->address, &address->v6.sin6_addr);
		return sizeof(address->v6);
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons(port);
	if (mapping->address[0])
		(void)inet_pton(AF_INET, mapping->address, &address->v4.sin_addr);
	return sizeof(address->v4);
}

static int refused(const struct port_mapping *mapping, uint16_t port, int error,
		   struct problem *problem)
{
	const char *address = mapping->address[0] ? mapping->address : "this machine";
	const char *protocol = port_mapping_protocol(mapping);

	if (error == -EADDRINUSE)
		return problem_set(problem, error,
				   "port %u/%s of %s is in use already; publish another one by -p",
				   port, protocol, address);
	if (error == -EACCES)
		return problem_set(problem, error,
				   "port %u/%s of %s is root's; publish one from 1024 on, or let "
				   "others have it: sysctl net.ipv4.ip_unprivileged_port_start=%u",
				   port, protocol, address, port);
	if (error == -EADDRNOTAVAIL)
		return problem_set(problem, error, "this machine does not have the address %s",
				   address);
	return problem_set(problem, error, "cannot publish port %u/%s of %s: %s", port, protocol,
			   address, strerror(-error));
}

/* A socket on the port, which is told; or -errno. */
static int take_socket(const struct port_mapping *mapping, uint16_t *port)
{
	union address address;
	socklen_t length = make_address(mapping, *port, &address);
	int kind = mapping->udp ? SOCK_DGRAM : SOCK_STREAM;
	cleanup_fd int fd = socket(address.any.sa_family, kind | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return -errno;
	/* Connections that have ended do not hinder who listens next. Another one that listens does. */
	if (!mapping->udp)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, &address.any, length) < 0 || (!mapping->udp && listen(fd, 1) < 0) ||
	    getsockname(fd, &address.any, &length) < 0)
		return -errno;
	*port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
							: address.v4.sin_port);
	return steal_fd(&fd);
}

static int add_socket(struct host_ports *ports, int fd)
{
	int *sockets = reallocarray(ports->sockets, ports->count + 1, sizeof(*sockets));

	if (!sockets) {
		(void)close(fd);
		return -ENOMEM;
	}
	ports->sockets = sockets;
	ports->sockets[ports->count++] = fd;
	return 0;
}

static int note(struct host_ports *ports, const struct port_mapping *mapping)
{
	char text[PORT_TEXT_SIZE];

	port_mapping_text(mapping, text);
	return string_list_add(&ports->taken, text);
}

/* Ports that were not chosen do not follow each other: they become mappings of one port each. */
static int take_one(struct host_ports *ports, const struct port_mapping *mapping,
		    struct problem *problem)
{
	int error = 0;

	for (uint16_t i = 0; !error && i < mapping->count; i++) {
		uint16_t port = mapping->host ? (uint16_t)(mapping->host + i) : 0;
		int fd = take_socket(mapping, &port);

		if (fd < 0)
			return refused(mapping, port, fd, problem);
		error = add_socket(ports, fd);
		if (!error && !mapping->host) {
			struct port_mapping single = *mapping;

			single.host = port;
			single.container = (uint16_t)(mapping->container + i);
			single.count = 1;
			error = note(ports, &single);
		}
	}
	if (!error && mapping->host)
		error = note(ports, mapping);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

int host_ports_take(const struct string_list *mappings, struct host_ports *ret_ports,
		    struct problem *problem)
{
	struct host_ports ports = HOST_PORTS_INIT;
	int error = 0;

	for (size_t i = 0; !error && i < mappings->count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(mappings->strings[i], &mapping, problem);
		if (!error)
			error = take_one(&ports, &mapping, problem);
	}
	if (error) {
		host_ports_free(&ports);
		return error;
	}
	*ret_ports = ports;
	return 0;
}

void host_ports_release(struct host_ports *ports)
{
	for (size_t i = 0; i < ports->count; i++)
		(void)close(ports->sockets[i]);
	free(ports->sockets);
	ports->sockets = NULL;
	ports->count = 0;
}

void host_ports_free(struct host_ports *ports)
{
	host_ports_release(ports);
	string_list_free(&ports->taken);
}
