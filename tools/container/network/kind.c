/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/kind.h"

#include "container/namespaces/mode.h"
#include "container/network/cni.h"
#include "container/process/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TUN "/dev/net/tun"

enum network_kind network_kind(const char *mode)
{
	if (!namespace_mode_is_own(mode))
		return NETWORK_OTHERS;
	if (!mode || strcmp(mode, "private") == 0 || strcmp(mode, "none") == 0)
		return NETWORK_ALONE;
	if (strcmp(mode, "pasta") == 0)
		return NETWORK_PASTA;
	if (strcmp(mode, "slirp4netns") == 0)
		return NETWORK_SLIRP4NETNS;
	return NETWORK_NAMED;
}

bool network_is_connected(const char *mode)
{
	return network_kind(mode) >= NETWORK_PASTA;
}

static int check_program(const char *program, const char *package, struct problem *problem)
{
	if (!program_exists(program))
		return problem_set(problem, -ENOENT,
				   "--net %s: there is no such program here; install the package "
				   "%s",
				   program, package);
	if (access(TUN, R_OK | W_OK) < 0)
		return problem_set(problem, -errno,
				   "--net %s needs " TUN
				   ": %s; as root: modprobe tun; chmod 666 " TUN,
				   program, strerror(errno));
	return 0;
}

static int check_plugins(const char *mode, struct problem *problem)
{
	static const char *const plugins[] = { "bridge", "host-local", "portmap" };

	for (size_t i = 0; i < sizeof(plugins) / sizeof(*plugins); i++)
		if (!cni_has(plugins[i]))
			return problem_set(problem, -ENOENT,
					   "--net %s needs the CNI plugin %s; install the package "
					   "containernetworking-plugins, or name its directory in "
					   "$CNI_PATH",
					   mode, plugins[i]);
	if (!program_exists("iptables"))
		return problem_set(problem, -ENOENT,
				   "--net %s needs iptables; install the package iptables", mode);
	return 0;
}

int network_kind_check(const char *mode, bool rootless, struct problem *problem)
{
	switch (network_kind(mode)) {
	case NETWORK_OTHERS:
	case NETWORK_ALONE:
		return 0;
	case NETWORK_PASTA:
		/* As root it would become another user, and then not end with its parent. */
		if (!rootless)
			return problem_set(
				problem, -ENOTSUP,
				"--net pasta is for ordinary users; root has networks of "
				"the machine: --net bridge");
		return check_program("pasta", "passt", problem);
	case NETWORK_SLIRP4NETNS:
		return check_program("slirp4netns", "slirp4netns", problem);
	case NETWORK_NAMED:
		break;
	}
	if (rootless)
		return problem_set(problem, -EPERM,
				   "--net %s: networks of the machine are for root; an ordinary "
				   "user has --net pasta and --net slirp4netns",
				   mode);
	return check_plugins(mode, problem);
}

const char *network_kind_default(bool rootless)
{
	static const char *const candidates[] = { "pasta", "slirp4netns", "bridge" };
	const char *said = getenv("COWRUN_NETWORK");

	if (said && *said)
		return said;
	for (size_t i = rootless ? 0 : 2; i < sizeof(candidates) / sizeof(*candidates); i++)
		if (network_kind_check(candidates[i], rootless, NULL) == 0)
			return candidates[i];
	return "private";
}
