/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of create_options.h: the table, and what each option checks. */
#include "cowrun/create_options.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/network/rate.h"
#include "container/network/subnet.h"
#include "container/number.h"
#include "container/process/rlimits.h"
#include "container/process/signal_name.h"
#include "container/record/restart.h"
#include "container/root/device_spec.h"
#include "container/root/in_root.h"
#include "container/root/mount_spec.h"
#include "cowrun/create_ids.h"
#include "cowrun/create_namespaces.h"
#include "cowrun/create_ports.h"
#include "cowrun/detach_keys.h"
#include "cowrun/environment_option.h"
#include "cowrun/limit_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define HOST_NAME_LENGTH_MAX 64
#define STOP_SECONDS_MAX 1000000
#define PROFILE_MAX ((size_t)1024 * 1024)

const char create_options_usage[] =
	"What runs:\n"
	"  -e, --env NAME[=VALUE]       a variable; without a value, ours\n"
	"      --env-file FILE          variables, one a line\n"
	"  -w, --workdir DIRECTORY      where it starts (/)\n"
	"  -u, --user USER[:GROUP]      who runs it (root)\n"
	"      --entrypoint PROGRAM     the program; COMMAND then are its arguments\n"
	"      --init                   with an init process that waits for orphans\n"
	"  -i, --interactive            pass our standard input on\n"
	"  -t, --tty                    with a terminal\n"
	"\n"
	"Its root:\n"
	"      --rootfs DIRECTORY       above this directory, which is only read\n"
	"      --layers L1[:L2...]      above these layers, the topmost first; \\: is a colon\n"
	"      --upper DIRECTORY        changes go there and stay (a directory of the container)\n"
	"      --read-only              without changes\n"
	"  -v, --volume SOURCE:DESTINATION[:ro]   a directory or file of ours, or a volume by its name\n"
	"      --mount type=bind|volume|tmpfs,source=...,destination=...[,readonly]\n"
	"      --tmpfs DESTINATION[:size=...,mode=...]\n"
	"      --device DEVICE[:DESTINATION][:rwm]   a device, to be read, written, or made with mknod\n"
	"\n"
	"Its surroundings:\n"
	"      --name NAME              its name (one is made up)\n"
	"  -h, --hostname NAME          its host name (the beginning of its id)\n"
	"      --net host|none|private|pasta|slirp4netns|NETWORK|container:CONTAINER\n"
	"                               whose network: ours, only a loopback of its own (none, private),\n"
	"                               one of its own that pasta or slirp4netns connects (for ordinary\n"
	"                               users, if there is one) or that is in a network of this machine\n"
	"                               (for root: bridge, or what cowrun network made), or that of\n"
	"                               another container\n"
	"      --ip ADDRESS             its address in a network of this machine\n"
	"      --net-rate RATE          so many bits a second it may send, as 10mbit\n"
	"  -p, --publish [[ADDRESS:]PORT:]PORT[/tcp|udp]   a port of ours leads to one of the container;\n"
	"                               ranges are 8000-8009; without one of ours, one that is free\n"
	"  -P, --publish-all            all that the image EXPOSEs, on ports that are free\n"
	"      --pid, --ipc, --uts host|private|container:CONTAINER\n"
	"                               whose processes, queues, host name (private)\n"
	"      --cgroupns host|private  whose names control groups have (private)\n"
	"      --timens host|private    whose uptime; private: clocks begin with it (host)\n"
	"      --userns host|private|auto[:size=N]|keep-id|nomap|container:CONTAINER\n"
	"                               whose ids (host for root, else private); keep-id: we are who we\n"
	"                               are in there too; nomap: we are nobody; auto: root's container\n"
	"                               gets some that no other has\n"
	"      --uidmap, --gidmap INSIDE:OUTSIDE:COUNT   which ids it has of ours: for ordinary users 0,\n"
	"                               and those set aside for them, which are 1 and up\n"
	"      --add-host NAME:ADDRESS  a line of /etc/hosts\n"
	"      --dns ADDRESS            a line of /etc/resolv.conf, in place of ours\n"
	"      --sysctl NAME=VALUE      a value of the kernel's\n"
	"      --ulimit NAME=SOFT[:HARD]\n"
	"      --cap-add, --cap-drop NAME   a capability more or less than usual; or ALL\n"
	"      --privileged             with all capabilities and devices, no filter, nothing hidden\n"
	"      --security-opt no-new-privileges | seccomp=unconfined | seccomp=FILE\n"
	"      --label KEY[=VALUE], --annotation KEY=VALUE\n"
	"\n"
	"What it may use:\n" LIMIT_OPTIONS_USAGE
	"      --device-cgroup-rule RULE   also these devices, as 'c 10:229 rwm' (for root)\n"
	"      --proc limits|host       what meminfo, cpuinfo, stat... in /proc show (limits, if there are any)\n"
	"      --oom-score-adj NUMBER   who is ended first when memory runs out, from -1000 to 1000\n"
	"      --cgroup-ignore          go on without what cannot be limited here\n"
	"\n"
	"Its life:\n"
	"      --rm                     remove it when it has ended\n"
	"      --restart no|always|unless-stopped|on-failure[:TIMES]\n"
	"      --stop-signal SIGNAL     what cowrun stop sends (TERM)\n"
	"      --stop-timeout SECONDS   how long it waits before SIGKILL (10)\n"
	"      --cidfile FILE           write its id there\n";

/* -- what values must be -- */

static int check_name(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return container_name_is_valid(value)
		       ? 0
		       : problem_set(problem, -EINVAL,
				     "--name %s: letters, digits and _.- make a name", value);
}

static int check_host_name(const char *value, void *options, struct problem *problem)
{
	bool valid = value[0] && strlen(value) <= HOST_NAME_LENGTH_MAX;

	(void)options;
	for (const char *c = value; *c; c++)
		valid = valid && (isalnum((unsigned char)*c) || strchr("-._", *c));
	return valid ? 0
		     : problem_set(problem, -EINVAL,
				   "--hostname %s: letters, digits and -._ make one, at most 64",
				   value);
}

static int add_environment(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;

	return environment_option_add(value, &options->config.environment, problem);
}

static int read_environment(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;

	return environment_option_read(value, &options->config.environment, problem);
}

static int check_keys(const char *value, void *data, struct problem *problem)
{
	(void)data;
	return detach_keys_check(value, problem);
}

static int check_absolute(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return value[0] == '/' ? 0
			       : problem_set(problem, -EINVAL,
					     "--workdir %s: it must be an absolute path", value);
}

static int add_volume(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;
	struct container_mount *mount = config_add_mount(&options->config);

	return mount ? mount_spec_volume(value, mount, &options->warning, problem) : -ENOMEM;
}

static int add_mount(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;
	struct container_mount *mount = config_add_mount(&options->config);

	return mount ? mount_spec_mount(value, mount, &options->warning, problem) : -ENOMEM;
}

static int add_tmpfs(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;
	struct container_mount *mount = config_add_mount(&options->config);

	return mount ? mount_spec_tmpfs(value, mount, problem) : -ENOMEM;
}

static int check_device(const char *value, void *options, struct problem *problem)
{
	struct device_spec spec;

	(void)options;
	return device_spec_read(value, &spec) < 0
		       ? problem_set(problem, -EINVAL,
				     "--device %s: it must be /dev/NAME[:/dev/NAME][:rwm]", value)
		       : 0;
}

static int check_proc(const char *value, void *options, struct problem *problem)
{
	(void)options;
	if (strcmp(value, "host") == 0 || strcmp(value, "limits") == 0)
		return 0;
	return problem_set(problem, -EINVAL, "--proc %s: host and limits are known", value);
}

static bool is_address(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static int check_extra_host(const char *value, void *options, struct problem *problem)
{
	const char *colon = strchr(value, ':');

	(void)options;
	if (!colon || colon == value || strpbrk(value, " \t\n") || !is_address(colon + 1))
		return problem_set(problem, -EINVAL, "--add-host %s: it must be NAME:ADDRESS",
				   value);
	return 0;
}

static int check_name_server(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return is_address(value)
		       ? 0
		       : problem_set(problem, -EINVAL, "--dns %s: it must be an address", value);
}

static int read_rate(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;

	return rate_read(value, &options->config.net_rate, problem);
}

static int check_address(const char *value, void *options, struct problem *problem)
{
	uint32_t address;

	(void)options;
	return subnet_address_read(value, &address) == 0
		       ? 0
		       : problem_set(problem, -EINVAL, "--ip %s: it must be an IPv4 address",
				     value);
}

static int check_sysctl(const char *value, void *options, struct problem *problem)
{
	const char *equals = strchr(value, '=');

	(void)options;
	if (!equals || equals == value || !equals[1] || value[0] == '/' || strstr(value, "..") ||
	    equals - value > 200)
		return problem_set(problem, -EINVAL, "--sysctl %s: it must be NAME=VALUE", value);
	/* The others are the host's. */
	if (strncmp(value, "net.", 4) != 0 && strncmp(value, "kernel.msg", 10) != 0 &&
	    strncmp(value, "kernel.sem", 10) != 0 && strncmp(value, "kernel.shm", 10) != 0 &&
	    strncmp(value, "fs.mqueue.", 10) != 0)
		return problem_set(problem, -EINVAL,
				   "--sysctl %s: only net., fs.mqueue., kernel.msg, kernel.sem and "
				   "kernel.shm belong to a container",
				   value);
	return 0;
}

static int check_ulimit(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return rlimits_check(value, problem);
}

static int read_oom_score(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;

	return number_read_in(value, -1000, 1000, &options->config.oom_score_adj) == 0
		       ? 0
		       : problem_set(problem, -EINVAL,
				     "--oom-score-adj %s: it must be from -1000 to 1000", value);
}

/* What the file says now is what holds, whatever becomes of it. */
static int read_profile(const char *path, struct container_config *config, struct problem *problem)
{
	cleanup_free char *absolute = realpath(path, NULL);
	cleanup_free char *text = NULL;
	cleanup_fd int root = absolute ? confined_open_root("/") : -errno;
	ssize_t length = root < 0 ? root : in_root_read(root, absolute, PROFILE_MAX, &text);

	if (length < 0)
		return problem_set(problem, (int)length, "--security-opt seccomp=%s: %s", path,
				   strerror((int)-length));
	free(config->seccomp_profile);
	config->seccomp_profile = steal_pointer(&text);
	return 0;
}

static int read_security(const char *value, void *data, struct problem *problem)
{
	struct container_config *config = &((struct create_options *)data)->config;

	if (strcmp(value, "no-new-privileges") == 0 ||
	    strcmp(value, "no-new-privileges=true") == 0 ||
	    strcmp(value, "no-new-privileges:true") == 0)
		config->no_new_privileges = true;
	else if (strcmp(value, "seccomp=unconfined") == 0)
		config->seccomp_unconfined = true;
	else if (strncmp(value, "seccomp=", 8) == 0)
		return read_profile(value + 8, config, problem);
	else
		return problem_set(problem, -EINVAL,
				   "--security-opt %s: no-new-privileges, seccomp=unconfined and "
				   "seccomp=FILE are known",
				   value);
	return 0;
}

static int check_annotation(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return value[0] && value[0] != '='
		       ? 0
		       : problem_set(problem, -EINVAL, "%s: a label needs a key", value);
}

static int check_restart(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return restart_check(value, problem);
}

static int check_signal(const char *value, void *options, struct problem *problem)
{
	int number = signal_number(value, problem);

	(void)options;
	return number < 0 ? number : 0;
}

static int read_stop_timeout(const char *value, void *data, struct problem *problem)
{
	struct create_options *options = data;

	return number_read_in(value, -1, STOP_SECONDS_MAX, &options->config.stop_timeout) == 0
		       ? 0
		       : problem_set(
				 problem, -EINVAL,
				 "--stop-timeout %s: it must be a number of seconds, or -1 for as "
				 "long as it takes",
				 value);
}

/* -- the table -- */

#define CONFIG(member) offsetof(struct create_options, config.member)
#define OPTION(member) offsetof(struct create_options, member)

static const struct option_rule rules[] = {
	{ 0, "add-host", OPTION_LIST, CONFIG(extra_hosts), check_extra_host },
	{ 0, "annotation", OPTION_LIST, CONFIG(annotations), check_annotation },
	{ 0, "cap-add", OPTION_LIST, CONFIG(capabilities_add), NULL },
	{ 0, "cap-drop", OPTION_LIST, CONFIG(capabilities_drop), NULL },
	{ 0, "cgroup-ignore", OPTION_SWITCH, CONFIG(cgroup_ignore), NULL },
	{ 0, "cgroupns", OPTION_TEXT, CONFIG(cgroups), create_namespaces_check_two },
	{ 0, "cidfile", OPTION_TEXT, OPTION(id_file), NULL },
	{ 'd', "detach", OPTION_SWITCH, CONFIG(detached), NULL },
	{ 0, "detach-keys", OPTION_TEXT, OPTION(detach_keys), check_keys },
	{ 0, "device", OPTION_LIST, CONFIG(devices), check_device },
	LIMIT_OPTION(0, "device-cgroup-rule", CONFIG(limits)),
	{ 0, "dns", OPTION_LIST, CONFIG(name_servers), check_name_server },
	{ 0, "entrypoint", OPTION_TEXT, OPTION(entrypoint), NULL },
	{ 'e', "env", OPTION_CALL, 0, add_environment },
	{ 0, "env-file", OPTION_CALL, 0, read_environment },
	{ 'h', "hostname", OPTION_TEXT, CONFIG(hostname), check_host_name },
	{ 0, "gidmap", OPTION_LIST, CONFIG(inner_gid_map), NULL },
	{ 0, "init", OPTION_SWITCH, CONFIG(init), NULL },
	{ 'i', "interactive", OPTION_SWITCH, CONFIG(open_stdin), NULL },
	{ 0, "ip", OPTION_TEXT, CONFIG(address), check_address },
	{ 0, "ipc", OPTION_TEXT, CONFIG(ipc), create_namespaces_check },
	{ 'l', "label", OPTION_LIST, CONFIG(labels), check_annotation },
	{ 0, "layers", OPTION_TEXT, OPTION(layers), NULL },
	{ 0, "mount", OPTION_CALL, 0, add_mount },
	{ 0, "name", OPTION_TEXT, CONFIG(name), check_name },
	{ 0, "net", OPTION_TEXT, CONFIG(network), create_namespaces_check_network },
	{ 0, "net-rate", OPTION_CALL, 0, read_rate },
	{ 0, "network", OPTION_TEXT, CONFIG(network), create_namespaces_check_network },
	{ 0, "oom-score-adj", OPTION_CALL, 0, read_oom_score },
	{ 0, "pid", OPTION_TEXT, CONFIG(pid), create_namespaces_check },
	{ 0, "pidfile", OPTION_TEXT, OPTION(pid_file), NULL },
	{ 0, "privileged", OPTION_SWITCH, CONFIG(privileged), NULL },
	{ 0, "proc", OPTION_TEXT, CONFIG(proc), check_proc },
	{ 'p', "publish", OPTION_CALL, 0, create_ports_add },
	{ 'P', "publish-all", OPTION_SWITCH, OPTION(publish_all), NULL },
	{ 0, "read-only", OPTION_SWITCH, CONFIG(read_only), NULL },
	{ 0, "restart", OPTION_TEXT, CONFIG(restart), check_restart },
	{ 0, "rm", OPTION_SWITCH, CONFIG(remove), NULL },
	{ 0, "rootfs", OPTION_TEXT, OPTION(root_directory), NULL },
	{ 0, "security-opt", OPTION_CALL, 0, read_security },
	{ 0, "stop-signal", OPTION_TEXT, CONFIG(stop_signal), check_signal },
	{ 0, "stop-timeout", OPTION_CALL, 0, read_stop_timeout },
	{ 0, "sysctl", OPTION_LIST, CONFIG(sysctls), check_sysctl },
	{ 0, "timens", OPTION_TEXT, CONFIG(time), create_namespaces_check_two },
	{ 0, "tmpfs", OPTION_CALL, 0, add_tmpfs },
	{ 't', "tty", OPTION_SWITCH, CONFIG(terminal), NULL },
	{ 0, "uidmap", OPTION_LIST, CONFIG(inner_uid_map), NULL },
	{ 0, "ulimit", OPTION_LIST, CONFIG(ulimits), check_ulimit },
	{ 0, "upper", OPTION_TEXT, OPTION(upper), NULL },
	{ 'u', "user", OPTION_TEXT, CONFIG(user), NULL },
	{ 0, "userns", OPTION_TEXT, CONFIG(users), create_ids_check_users },
	{ 0, "uts", OPTION_TEXT, CONFIG(uts), create_namespaces_check },
	{ 'v', "volume", OPTION_CALL, 0, add_volume },
	{ 'w', "workdir", OPTION_TEXT, CONFIG(working_directory), check_absolute },
	LIMIT_OPTIONS(CONFIG(limits)),
};

const struct option_table create_option_table = OPTION_TABLE(rules, true);
