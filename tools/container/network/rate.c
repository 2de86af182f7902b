/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/rate.h"

#include "base/cleanup.h"
#include "container/number.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* So much may be sent at once: what fits into a hundredth of a second, and a large packet in any case. */
#define BURST_PARTS 100
#define BURST_MIN (128 * 1024)
/* How long a packet may wait before it is dropped, as parts of a second. */
#define WAIT_PARTS 10

/* -- reading -- */

int rate_read(const char *text, int64_t *ret_bits, struct problem *problem)
{
	static const struct {
		const char *suffix;
		int64_t factor;
	} units[] = {
		{ "", 1 },	  { "bit", 1 },	       { "k", 1000 },	    { "kbit", 1000 },
		{ "m", 1000000 }, { "mbit", 1000000 }, { "g", 1000000000 }, { "gbit", 1000000000 },
	};
	size_t digits = strspn(text, "0123456789");
	char number[16];
	int64_t count;

	(void)snprintf(number, sizeof(number), "%.*s", digits < 15 ? (int)digits : 15, text);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(text + digits, units[i].suffix) == 0 &&
		    number_read_in(number, 1, RATE_MAX / units[i].factor, &count) == 0 &&
		    count * units[i].factor >= RATE_MIN) {
			*ret_bits = count * units[i].factor;
			return 0;
		}
	return problem_set(
		problem, -EINVAL,
		"--net-rate %s: it must be bits a second from 8kbit to 1000gbit, as 10mbit", text);
}

/* -- a message to the kernel, see rtnetlink(7) -- */

struct request {
	struct nlmsghdr header;
	struct tcmsg qdisc;
	char attributes[512];
};

/* There is room. Returns where it is. */
static struct rtattr *append(struct request *request, unsigned short type, const void *data,
			     size_t size)
{
	struct rtattr *attribute =
		(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	if (size > 0)
		memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len =
		(uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
	return attribute;
}

static void fill(struct request *request, unsigned interface, int64_t bits)
{
	uint64_t bytes = (uint64_t)bits / 8;
	uint64_t burst = bytes / BURST_PARTS > BURST_MIN ? bytes / BURST_PARTS : BURST_MIN;
	uint64_t queue = burst + bytes / WAIT_PARTS;
	struct tc_tbf_qopt parameters = {
		/* Then the kernel needs no table. */
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = queue < UINT32_MAX ? (uint32_t)queue : UINT32_MAX,
	};
	uint32_t burst_bytes = burst < UINT32_MAX ? (uint32_t)burst : UINT32_MAX;
	struct rtattr *options;

	*request = (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(request->qdisc)),
			    .nlmsg_type = RTM_NEWQDISC,
			    .nlmsg_flags =
				    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE },
		.qdisc = { .tcm_ifindex = (int)interface, .tcm_parent = TC_H_ROOT },
	};
	parameters.rate.rate = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
	(void)append(request, TCA_KIND, "tbf", sizeof("tbf"));
	options = append(request, TCA_OPTIONS, NULL, 0);
	(void)append(request, TCA_TBF_PARMS, &parameters, sizeof(parameters));
	(void)append(request, TCA_TBF_BURST, &burst_bytes, sizeof(burst_bytes));
	if (bytes >= UINT32_MAX)
		(void)append(request, TCA_TBF_RATE64, &bytes, sizeof(bytes));
	options->rta_len =
		(unsigned short)((char *)request + request->header.nlmsg_len - (char *)options);
}

static int ask_kernel(const struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char more[512];
	} answer;
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t length;

	if (fd < 0 || send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	length = recv(fd, &answer, sizeof(answer), 0);
	if (length < 0)
		return -errno;
	if (length < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

/* In the namespace. */
static int limit_all(int64_t bits)
{
	struct if_nameindex *all = if_nameindex();
	int error = all ? -ENODEV : -errno;

	for (const struct if_nameindex *one = all; one && one->if_index; one++) {
		struct request request;

		if (strcmp(one->if_name, "lo") == 0)
			continue;
		fill(&request, one->if_index, bits);
		error = ask_kernel(&request);
		if (error)
			break;
	}
	if (all)
		if_freenameindex(all);
	return error;
}

int rate_limit(int namespace, int64_t bits, struct problem *problem)
{
	int status, error;
	pid_t child = fork();

	/* A process of its own: there might be no way back. */
	if (child == 0) {
		error = setns(namespace, CLONE_NEWNET) < 0 ? -errno : limit_all(bits);
		_exit(-error);
	}
	if (child < 0)
		return problem_set(problem, -errno, "cannot start a process: %s", strerror(errno));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return problem_set(problem, -errno, "--net-rate: %s", strerror(errno));
	error = WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
	if (error == -ENOENT)
		return problem_set(problem, error,
				   "--net-rate: the kernel has no filter for it; as root: modprobe "
				   "sch_tbf");
	return error ? problem_set(problem, error, "--net-rate: cannot limit the interface: %s",
				   strerror(-error))
		     : 0;
}
