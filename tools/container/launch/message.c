/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/launch/message.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

int message_pair(int *ret_ours, int *ret_theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	*ret_ours = ends[0];
	*ret_theirs = ends[1];
	return 0;
}

int message_send(int socket, const struct message *message, int fd)
{
	struct iovec data = { .iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message) };
	struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };
	union control control = { 0 };
	struct cmsghdr *rights;
	ssize_t sent;

	if (fd >= 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int received_fd(struct msghdr *header)
{
	const struct cmsghdr *rights = CMSG_FIRSTHDR(header);
	int fd;

	if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS ||
	    rights->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(rights), sizeof(int));
	return fd;
}

int message_receive(int socket, struct message *ret_message, int *ret_fd)
{
	struct message message;
	struct iovec data = { .iov_base = &message, .iov_len = sizeof(message) };
	union control control = { 0 };
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	cleanup_fd int fd = -1;
	ssize_t length;

	do {
		length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	fd = received_fd(&header);
	if (length != (ssize_t)sizeof(message))
		return -ECONNRESET;
	message.text[sizeof(message.text) - 1] = '\0';
	*ret_message = message;
	if (ret_fd)
		*ret_fd = steal_fd(&fd);
	return 0;
}
