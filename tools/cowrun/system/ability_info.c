/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of system_info.h: what this user's containers can have, and what helps where they cannot. */
#include "cowrun/system/system_info.h"

#include "base/cleanup.h"
#include "base/device.h"
#include "container/cgroup/cgroup.h"
#include "container/launch/id_maps.h"
#include "fuse/serving/uring.h"
#include "fuse/session.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* -- FUSE -- */

static int add_device_warning(struct system_info *info)
{
	cleanup_fd int device = device_open("/dev/fuse", O_RDWR);
	const char *remedy;

	if (device >= 0)
		return 0;
	remedy = device == -EACCES || device == -EPERM ? "root can allow it by chmod 666 /dev/fuse"
						       : "root can load it by modprobe fuse";
	return string_list_add_format(&info->warnings,
				      "no container can be started: /dev/fuse: %s; %s",
				      strerror(-device), remedy);
}

typedef int check_function(struct problem *problem);

/* The problem begins with what is not used, and a colon. */
static int add_ability(char **ret_text, check_function *check)
{
	struct problem reason;
	const char *colon, *why = "available";

	if (check(&reason) < 0) {
		colon = strstr(reason.text, ": ");
		why = colon ? colon + 2 : reason.text;
	}
	return state_set_text(ret_text, why);
}

int system_info_add_fuse(struct system_info *info)
{
	int error = state_set_text(&info->libfuse, fuse_pkgversion());

	if (!error)
		error = add_ability(&info->passthrough, session_check_passthrough);
	if (!error)
		error = add_ability(&info->io_uring, uring_check);
	return error ? error : add_device_warning(info);
}

/* -- control groups -- */

static int add_controllers(struct system_info *info, unsigned usable, bool unified)
{
	int error = 0;

	for (unsigned i = 0; !error && i < CGROUP_CONTROLLERS; i++)
		if (usable & (1U << i))
			error = string_list_add(
				&info->controllers,
				cgroup_controller_name((enum cgroup_controller)i, unified));
	info->memory = usable & (1U << CGROUP_MEMORY);
	info->cpu_quota = info->cpu_period = info->cpu_shares = usable & (1U << CGROUP_CPU);
	info->cpuset = usable & (1U << CGROUP_CPUSET);
	info->pids = usable & (1U << CGROUP_PIDS);
	return error;
}

static const char *group_remedy(const struct cgroup_layout *layout, bool rootless)
{
	if (layout->count == 0)
		return "mount them on /sys/fs/cgroup";
	if (!rootless)
		return "mount them so that root can write to them";
	if (cgroup_layout_is_unified(layout))
		return "start cowrun by systemd-run --user --scope --property=Delegate=yes";
	return "version 1 has none for ordinary users; root can boot with "
	       "systemd.unified_cgroup_hierarchy=1";
}

static int warn_of_groups(struct system_info *info, const struct cgroup_layout *layout,
			  unsigned usable, bool rootless)
{
	static const enum cgroup_controller limiting[] = { CGROUP_CPU, CGROUP_CPUSET, CGROUP_MEMORY,
							   CGROUP_PIDS, CGROUP_BLKIO };
	cleanup_buffer struct buffer names = BUFFER_INIT;
	int error = 0;

	if (!usable)
		return string_list_add_format(&info->warnings,
					      "no control groups can be had, so containers have no "
					      "limits and cannot be paused; %s",
					      group_remedy(layout, rootless));
	for (size_t i = 0; !error && i < sizeof(limiting) / sizeof(limiting[0]); i++)
		if (!(usable & (1U << limiting[i])))
			error = buffer_append_format(
				&names, "%s%s", names.length ? ", " : "",
				cgroup_controller_name(limiting[i],
						       cgroup_layout_is_unified(layout)));
	if (error || names.length == 0)
		return error;
	return string_list_add_format(
		&info->warnings, "containers can have no limits of %s; %s", buffer_string(&names),
		rootless ? "root can delegate more to users, see Delegate= in "
			   "systemd.resource-control(5)"
			 : "the kernel has no such controllers, or they are not mounted");
}

int system_info_add_cgroups(struct system_info *info, bool rootless)
{
	static struct cgroup_layout none;
	CLEANUP(cgroup_layout_free) struct cgroup_layout *read = NULL;
	const struct cgroup_layout *layout = &none;
	unsigned usable;
	bool unified;
	int error;

	if (cgroup_layout_read(&read, NULL) == 0)
		layout = read;
	unified = cgroup_layout_is_unified(layout);
	usable = cgroup_usable_controllers(layout);
	error = state_set_text(&info->cgroup_driver, usable ? "cgroupfs" : "none");
	if (!error)
		error = state_set_text(&info->cgroup_version, layout->count == 0 ? ""
							      : unified		 ? "2"
										 : "1");
	if (!error)
		error = add_controllers(info, usable, unified);
	return error ? error : warn_of_groups(info, layout, usable, rootless);
}

/* -- security -- */

/* Whether we may make one: 0 or -errno, by trying. */
static int try_user_namespace(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) < 0 ? errno : 0);
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int add_ids(struct system_info *info)
{
	struct id_maps maps = { 0 };
	struct problem reason = { .text = "" };
	int error = try_user_namespace();

	if (error)
		error = string_list_add_format(
			&info->warnings,
			"no container can be started, as no user namespace can be made: %s; root can "
			"allow them by the sysctls user.max_user_namespaces, "
			"kernel.unprivileged_userns_clone and "
			"kernel.apparmor_restrict_unprivileged_userns, where they exist",
			strerror(-error));
	if (!error)
		error = id_maps_of_caller(&maps, &reason);
	if (!error && reason.text[0])
		error = string_list_add(&info->warnings, reason.text);
	info->uid_map = maps.uid;
	info->gid_map = maps.gid;
	return error;
}

int system_info_add_security(struct system_info *info, bool rootless)
{
	int error = 0;

	/* EFAULT for the NULL where there are filters, EINVAL where not: see seccomp(2), "Checking". */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT)
		error = string_list_add(&info->security, "name=seccomp,profile=builtin");
	else
		error = string_list_add(&info->warnings,
					"the kernel has no seccomp filters, so containers run only "
					"with --security-opt seccomp=unconfined");
	if (!error && rootless)
		error = string_list_add(&info->security, "name=rootless");
	if (!error && rootless)
		error = string_list_add(&info->security, "name=userns");
	if (!error && access("/proc/self/ns/cgroup", F_OK) == 0)
		error = string_list_add(&info->security, "name=cgroupns");
	return error || !rootless ? error : add_ids(info);
}
