/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/file_data.h"
#include "base/json.h"
#include "container/network/backends.h"
#include "container/network/port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_NAME "slirp4netns"
/* By the numbers that helper.h gives what is given. */
#define NAMESPACE "/proc/self/fd/4"
#define API_SOCKET "--api-socket=/proc/self/fd/5/slirp4netns"
#define GUEST "10.0.2.100"
#define GATEWAY "10.0.2.2"
#define REPLY_MAX 4096

/* -- the program -- */

static int start_program(int run_fd, int namespace, struct network *network,
			 struct problem *problem)
{
	static const char *const arguments[] = {
		"slirp4netns",	    "--configure",	"--mtu=65520",	"--disable-host-loopback",
		"--enable-sandbox", "--enable-seccomp", "--ready-fd=3", "--netns-type=path",
		API_SOCKET,	    NAMESPACE,		"tap0",		NULL,
	};
	const struct helper_start start = {
		.arguments = arguments,
		.ready = 3,
		.given = { namespace, run_fd },
		.given_count = 2,
	};

	return helper_start(&start, &network->helper, problem);
}

/* -- asking it for ports -- */

static json_object *make_request(const struct port_mapping *mapping, uint16_t i)
{
	CLEANUP(json_put) json_object *request = json_object_new_object();
	json_object *arguments = json_object_new_object();

	if (!request || json_add_string(request, "execute", "add_hostfwd") < 0) {
		json_put(arguments);
		return NULL;
	}
	if (json_add(request, "arguments", arguments) < 0 ||
	    json_add_string(arguments, "proto", port_mapping_protocol(mapping)) < 0 ||
	    json_add_string(arguments, "host_addr",
			    mapping->address[0] ? mapping->address : "0.0.0.0") < 0 ||
	    json_add_number(arguments, "host_port", (uint64_t)mapping->host + i) < 0 ||
	    json_add_string(arguments, "guest_addr", GUEST) < 0 ||
	    json_add_number(arguments, "guest_port", (uint64_t)mapping->container + i) < 0)
		return NULL;
	return steal_pointer(&request);
}

/* One request a connection; the end of what we send ends the request. */
static int ask(int run_fd, const char *request, struct buffer *reply)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
		       run_fd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	error = file_write_all(fd, request, strlen(request));
	if (!error && shutdown(fd, SHUT_WR) < 0)
		error = -errno;
	return error ? error : file_read_all(fd, REPLY_MAX, reply);
}

static int publish_one(int run_fd, const struct port_mapping *mapping, uint16_t i,
		       struct problem *problem)
{
	CLEANUP(json_put) json_object *request = make_request(mapping, i);
	CLEANUP(json_put) json_object *answer = NULL;
	cleanup_buffer struct buffer reply = BUFFER_INIT;
	json_object *result;
	int error = request ? ask(run_fd, json_object_to_json_string(request), &reply) : -ENOMEM;

	if (!error)
		answer = json_tokener_parse(buffer_string(&reply));
	if (!error && json_object_object_get_ex(answer, "return", &result))
		return 0;
	return problem_set(problem, error ? error : -EIO, "slirp4netns cannot publish port %d: %s",
			   mapping->host + i, error ? strerror(-error) : buffer_string(&reply));
}

static int publish(int run_fd, const struct string_list *ports, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; !error && i < ports->count; i++) {
		struct port_mapping mapping;

		error = port_mapping_read(ports->strings[i], &mapping, problem);
		for (uint16_t j = 0; !error && j < mapping.count; j++)
			error = publish_one(run_fd, &mapping, j, problem);
	}
	return error;
}

/* It knows only addresses of IPv4. */
static int check_ports(const struct string_list *ports, struct problem *problem)
{
	for (size_t i = 0; i < ports->count; i++)
		if (ports->strings[i][0] == '[')
			return problem_set(problem, -ENOTSUP,
					   "-p %s: slirp4netns has no IPv6 addresses of the "
					   "machine; --net pasta does",
					   ports->strings[i]);
	return 0;
}

int network_start_slirp4netns(const struct container *container, int namespace,
			      struct network *network, struct problem *problem)
{
	int error = check_ports(&network->ports.taken, problem);

	if (error)
		return error;
	/* It binds them itself. */
	host_ports_release(&network->ports);
	error = start_program(container->run_fd, namespace, network, problem);
	if (!error)
		error = publish(container->run_fd, &network->ports.taken, problem);
	if (error)
		return error;
	network->address = strdup(GUEST);
	network->gateway = strdup(GATEWAY);
	return network->address && network->gateway
		       ? 0
		       : problem_set(problem, -ENOMEM, "out of memory");
}
