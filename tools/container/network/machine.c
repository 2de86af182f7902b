/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/machine.h"

#include "base/cleanup.h"
#include "container/process/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool overlaps(const struct ifaddrs *one, const struct subnet *subnet)
{
	const struct sockaddr_in *address, *mask;
	struct subnet its;

	if (!one->ifa_addr || !one->ifa_netmask || one->ifa_addr->sa_family != AF_INET)
		return false;
	address = (const void *)one->ifa_addr;
	mask = (const void *)one->ifa_netmask;
	its.prefix = (unsigned)__builtin_popcount(mask->sin_addr.s_addr);
	its.first = ntohl(address->sin_addr.s_addr & mask->sin_addr.s_addr);
	return its.prefix > 0 && subnet_overlaps(&its, subnet);
}

bool machine_has_subnet(const struct subnet *subnet)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
		found = overlaps(one, subnet);
	freeifaddrs(all);
	return found;
}

/* iptables -w -t nat ACTION POSTROUTING ... */
static int masquerade(const struct network_record *record, const char *action, struct problem *said)
{
	char comment[96];
	const char *const arguments[] = {
		"iptables", "-w",	    "-t",    "nat", action,	    "POSTROUTING",
		"-s",	    record->subnet, "!",     "-d",  record->subnet, "-m",
		"comment",  "--comment",    comment, "-j",  "MASQUERADE",   NULL,
	};

	(void)snprintf(comment, sizeof(comment), "cowrun network %s", record->name);
	return program_run((char *const *)(uintptr_t)arguments, said);
}

int machine_add_masquerade(const struct network_record *record, struct problem *problem)
{
	struct problem said = { .text = "" };
	int error;

	if (record->internal || masquerade(record, "-C", &said) == 0)
		return 0;
	error = masquerade(record, "-A", &said);
	return error ? problem_set(problem, error, "network %s: iptables: %s", record->name,
				   error == -EIO ? said.text : strerror(-error))
		     : 0;
}

void machine_remove_bridge(const struct network_record *record)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_flags = 0 };
	struct problem said;

	if (!record->internal)
		(void)masquerade(record, "-D", &said);
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", record->interface);
	if (fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0)
		(void)ioctl(fd, SIOCBRDELBR, record->interface);
}
