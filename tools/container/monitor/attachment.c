/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/monitor/attachment.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET_NAME "attach"

/* Paths of sockets are short; by way of the directory's descriptor any path is. */
static struct sockaddr_un address_of(int run_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
		       run_fd);
	return address;
}

int attachment_listen(struct container *container)
{
	struct sockaddr_un address = address_of(container->run_fd);
	cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (unlinkat(container->run_fd, SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		return -errno;
	return steal_fd(&fd);
}

int attachment_connect(struct container *container, struct problem *problem)
{
	cleanup_fd int fd = -1;
	struct sockaddr_un address;
	int error = container_open_run(container, problem);

	if (error)
		return error;
	address = address_of(container->run_fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return problem_set(problem, -errno, "container %s: cannot attach to it: %s",
				   container->config.name, strerror(errno));
	return steal_fd(&fd);
}

int attachment_send(int socket, enum attachment_kind kind, const void *data, size_t length)
{
	char first = (char)kind;
	struct iovec parts[] = {
		{ .iov_base = &first, .iov_len = 1 },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = length },
	};
	const struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t sent;

	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int attachment_receive(int socket, struct attachment_packet *packet)
{
	ssize_t length;

	do {
		length = recv(socket, packet, sizeof(*packet), 0);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return length == 0 ? -ECONNRESET : (int)length - 1;
}
