/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/hosts.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "base/file_data.h"
#include "container/network/kind.h"
#include "container/network/record.h"
#include "container/root/init_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "hosts"

bool network_hosts_are_shared(const struct container_config *config)
{
	if (network_kind(config->network) != NETWORK_NAMED)
		return false;
	/* Who mounts one of his own has that. */
	for (size_t i = 0; i < config->mounts.count; i++)
		if (strcmp(config_mount(config, i)->destination, "/etc/hosts") == 0)
			return false;
	return true;
}

static int append_line(struct buffer *lines, const struct container *container, const char *address)
{
	return buffer_append_format(lines, "%s\t%s %s %.12s\n", address, container->config.hostname,
				    container->config.name, container->id);
}

/* Overwritten, and first so that no line is ever half another one: a shorter text ends in empty lines for a moment. */
static int write_in_place(int directory, const struct buffer *text)
{
	cleanup_fd int fd = confined_open(directory, FILE_NAME, O_WRONLY | O_CREAT, 0644);
	cleanup_buffer struct buffer padded = BUFFER_INIT;
	struct stat status;
	int error = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	error = buffer_append(&padded, buffer_string(text), text->length);
	while (!error && padded.length < (size_t)status.st_size)
		error = buffer_append(&padded, "\n", 1);
	if (!error)
		error = file_write_all(fd, buffer_string(&padded), padded.length);
	if (!error && ftruncate(fd, (off_t)text->length) < 0)
		error = -errno;
	return error;
}

static int write_one(const struct container *container, const struct buffer *lines)
{
	cleanup_fd int directory =
		confined_open(container->place->run_fd, container->id, O_RDONLY | O_DIRECTORY, 0);
	cleanup_buffer struct buffer text = BUFFER_INIT;
	int error = directory < 0 ? directory : init_layer_hosts(&container->config, &text);

	if (!error)
		error = buffer_append(&text, buffer_string(lines), lines->length);
	return error ? error : write_in_place(directory, &text);
}

static int failed(const struct container *container, int error, struct problem *problem)
{
	return problem_set(problem, error, "network %s: cannot write /etc/hosts: %s",
			   container->config.network, strerror(-error));
}

int network_hosts_begin(const struct container *container, struct problem *problem)
{
	static const struct buffer none = BUFFER_INIT;
	int error = write_one(container, &none);

	return error ? failed(container, error, problem) : 0;
}

/* What is done with each container that runs in the network. */
typedef int peer_function(const struct container *peer, void *context);

static int add_line(const struct container *peer, void *context)
{
	return append_line(context, peer, peer->state.address);
}

/* One that cannot be written is that of a container that ends just now. */
static int write_file(const struct container *peer, void *context)
{
	if (network_hosts_are_shared(&peer->config))
		(void)write_one(peer, context);
	return 0;
}

static bool is_peer(const struct container *container, const struct container *peer)
{
	return state_is_live(&peer->state) && peer->state.address &&
	       strcmp(peer->config.network, container->config.network) == 0;
}

static int for_each_peer(const struct container *container, const struct string_list *ids,
			 bool with_itself, peer_function *function, void *context)
{
	int error = 0;

	for (size_t i = 0; !error && i < ids->count; i++) {
		cleanup_container struct container peer = CONTAINER_INIT;

		if (!with_itself && strcmp(ids->strings[i], container->id) == 0)
			continue;
		/* One that is damaged, or was removed just now, hides no other. */
		if (container_open(container->place, ids->strings[i], &peer, NULL) == 0 &&
		    is_peer(container, &peer))
			error = function(&peer, context);
	}
	return error;
}

int network_hosts_write(const struct container *container, const char *address,
			struct problem *problem)
{
	struct string_list ids = STRING_LIST_INIT;
	cleanup_buffer struct buffer lines = BUFFER_INIT;
	cleanup_fd int lock = network_records_lock(container->place, problem);
	int error = lock < 0 ? lock : container_list(container->place, &ids, problem);

	if (!error && address)
		error = append_line(&lines, container, address);
	if (!error)
		error = for_each_peer(container, &ids, !address, add_line, &lines);
	if (!error && address)
		error = write_one(container, &lines);
	if (!error)
		error = for_each_peer(container, &ids, !address, write_file, &lines);
	string_list_free(&ids);
	return error ? failed(container, error, problem) : 0;
}
