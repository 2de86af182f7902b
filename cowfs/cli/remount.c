/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/remount.h"

#include "base/cleanup.h"
#include "cli/say.h"
#include "cli/status.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

/* mount(2) and statvfs(3) number them alike but for the last. */
static const struct flag {
	const char *name;
	unsigned long flag;
	bool is_set;
} flags[] = {
	{ "suid", MS_NOSUID, false },	    { "nosuid", MS_NOSUID, true },
	{ "dev", MS_NODEV, false },	    { "nodev", MS_NODEV, true },
	{ "exec", MS_NOEXEC, false },	    { "noexec", MS_NOEXEC, true },
	{ "async", MS_SYNCHRONOUS, false }, { "sync", MS_SYNCHRONOUS, true },
	{ "dirsync", MS_DIRSYNC, true },    { "noatime", MS_NOATIME, true },
};

static unsigned long flags_of_mount(const struct statvfs *status)
{
	unsigned long kept = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_NOATIME |
			     MS_NODIRATIME | MS_MANDLOCK;

	return (status->f_flag & kept) | (status->f_flag & ST_RELATIME ? MS_RELATIME : 0);
}

static unsigned long change_flags(unsigned long result, const struct mount_options *options)
{
	for (size_t i = 0; i < options->kernel_options.count; i++) {
		for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
			if (strcmp(flags[j].name, options->kernel_options.strings[i]) != 0)
				continue;
			result = flags[j].is_set ? result | flags[j].flag : result & ~flags[j].flag;
		}
	}
	return result | (options->read_only ? MS_RDONLY : 0);
}

/* 0, or -EROFS with a problem when the daemon would refuse every change. */
static int check_writable(const char *mountpoint, json_object *status, struct problem *problem)
{
	json_object *writable;

	if (!json_object_object_get_ex(status, "writable", &writable) ||
	    json_object_get_boolean(writable))
		return 0;
	return problem_set(
		problem, -EROFS,
		"mountpoint %s: it was mounted without an upper layer, or with ro, and can "
		"only be read; unmount, and mount it with one",
		mountpoint);
}

static int set_flags(const char *mountpoint, const struct mount_options *options,
		     struct problem *problem)
{
	struct statvfs status;

	if (statvfs(mountpoint, &status) == 0 &&
	    mount("none", mountpoint, NULL,
		  MS_REMOUNT | change_flags(flags_of_mount(&status), options), NULL) == 0)
		return 0;
	return problem_set(problem, -errno, "mountpoint %s: it cannot be remounted: %s%s",
			   mountpoint, strerror(errno), errno == EPERM ? "; only root may" : "");
}

int remount(const char *mountpoint, const struct mount_options *options)
{
	CLEANUP(json_put) json_object *status = NULL;
	struct problem problem;
	int error = status_read(mountpoint, &status, &problem);

	if (!error && !options->read_only)
		error = check_writable(mountpoint, status, &problem);
	if (!error)
		error = set_flags(mountpoint, options, &problem);
	if (!error)
		return STATUS_OK;
	say("%s", problem.text);
	return STATUS_FAILED;
}
