/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/address.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static bool describe(const struct ifaddrs *one, int family, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;

	if (!one->ifa_addr || one->ifa_addr->sa_family != family || (one->ifa_flags & IFF_LOOPBACK))
		return false;
	if (family == AF_INET) {
		v4 = (const void *)one->ifa_addr;
		return inet_ntop(family, &v4->sin_addr, text, INET6_ADDRSTRLEN);
	}
	v6 = (const void *)one->ifa_addr;
	return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
	       inet_ntop(family, &v6->sin6_addr, text, INET6_ADDRSTRLEN);
}

/* Of this process's namespace; "" when there is none. */
static void find(char text[INET6_ADDRSTRLEN])
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct ifaddrs *all = NULL;
	bool found = false;

	text[0] = '\0';
	if (getifaddrs(&all) < 0)
		return;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
			found = describe(one, families[i], text);
	freeifaddrs(all);
	if (!found)
		text[0] = '\0';
}

/* A process of its own enters the namespace: there might be no way back. */
void network_address_find(int namespace, char **ret_address)
{
	cleanup_fd int read_end = -1, write_end = -1;
	char text[INET6_ADDRSTRLEN] = "";
	ssize_t length;
	int ends[2];
	pid_t child;

	*ret_address = NULL;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	read_end = ends[0];
	write_end = ends[1];
	child = fork();
	if (child == 0) {
		if (setns(namespace, CLONE_NEWNET) == 0)
			find(text);
		_exit(write(write_end, text, strlen(text)) < 0);
	}
	(void)close(steal_fd(&write_end));
	length = child < 0 ? -1 : read(read_end, text, sizeof(text) - 1);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (length > 0) {
		text[length] = '\0';
		*ret_address = strdup(text);
	}
}
