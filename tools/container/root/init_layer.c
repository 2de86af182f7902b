/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/root/init_layer.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "container/network/kind.h"
#include "container/network/resolver.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define RESOLV_CONF_MAX 65536

/* A directory that everybody may look into; umask or not. */
static int make_directory(int parent, const char *name)
{
	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return confined_chmod(parent, name, 0755);
}

static int write_file(int directory, const char *name, const struct buffer *content)
{
	cleanup_fd int fd = -1;
	const char *text = buffer_string(content);
	size_t left = content->length;

	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = confined_open(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return fd;
	while (left > 0) {
		ssize_t written = write(fd, text, left);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			left -= (size_t)written;
		}
	}
	return confined_chmod(directory, name, 0644);
}

int init_layer_hosts(const struct container_config *config, struct buffer *text)
{
	/* In a network of the machine it has an address that the others know, too. */
	bool is_named = network_kind(config->network) == NETWORK_NAMED;
	int error = buffer_append_format(text,
					 "127.0.0.1\tlocalhost%s%s\n"
					 "::1\tlocalhost ip6-localhost ip6-loopback\n"
					 "ff02::1\tip6-allnodes\n"
					 "ff02::2\tip6-allrouters\n",
					 is_named ? "" : " ", is_named ? "" : config->hostname);

	for (size_t i = 0; !error && i < config->extra_hosts.count; i++) {
		/* NAME:ADDRESS, and the address may hold further colons. */
		const char *host = config->extra_hosts.strings[i];
		size_t name = strcspn(host, ":");

		error = buffer_append_format(text, "%s\t%.*s\n", host + name + 1, (int)name, host);
	}
	return error;
}

/* A host without any leaves the container without any. */
static int make_resolv_conf(const struct container_config *config, struct buffer *text)
{
	cleanup_fd int host = confined_open_root("/");
	cleanup_free char *content = NULL;

	if (host < 0 || in_root_read(host, "/etc/resolv.conf", RESOLV_CONF_MAX, &content) < 0)
		content = NULL;
	return resolver_make(config->network, &config->name_servers, content ? content : "", text);
}

static int make_hostname(const struct container_config *config, struct buffer *text)
{
	return buffer_append_format(text, "%s\n", config->hostname);
}

static int write_etc(int etc, const struct container_config *config)
{
	static const struct {
		const char *name;
		int (*make)(const struct container_config *config, struct buffer *text);
	} files[] = {
		{ "hostname", make_hostname },
		{ "hosts", init_layer_hosts },
		{ "resolv.conf", make_resolv_conf },
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_buffer struct buffer text = BUFFER_INIT;

		error = files[i].make(config, &text);
		if (!error)
			error = write_file(etc, files[i].name, &text);
	}
	return error;
}

int init_layer_write(int container_directory, const struct container_config *config,
		     struct problem *problem)
{
	static const char *const directories[] = { "dev", "etc", "proc", "sys" };
	cleanup_fd int etc = -1;
	cleanup_fd int layer =
		confined_open(container_directory, "init", O_RDONLY | O_DIRECTORY, 0);
	int error = layer < 0 ? layer : 0;

	for (size_t i = 0; !error && i < sizeof(directories) / sizeof(directories[0]); i++)
		error = make_directory(layer, directories[i]);
	if (!error) {
		etc = confined_open(layer, "etc", O_RDONLY | O_DIRECTORY, 0);
		error = etc < 0 ? etc : write_etc(etc, config);
	}
	if (error)
		return problem_set(problem, error, "cannot write the container's init layer: %s",
				   strerror(-error));
	return 0;
}
