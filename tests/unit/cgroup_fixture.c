/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/cgroup_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char all_controllers[] = "cpuset cpu io memory pids\n";

struct cgroup_fixture cgroup_fixture_make(const char *own)
{
	struct cgroup_fixture fixture = { .scratch = scratch_make() };
	char mountinfo[1024], own_groups[1024];
	struct stat status = scratch_stat(&fixture.scratch, ".");

	cgroup_fixture_group(&fixture, "v2");
	(void)snprintf(mountinfo, sizeof(mountinfo),
		       "1 1 %u:%u / %s/v2 rw - cgroup2 cgroup2 rw,nsdelegate\n",
		       major(status.st_dev), minor(status.st_dev), fixture.scratch.path);
	(void)snprintf(own_groups, sizeof(own_groups), "0::/%s\n", own);
	cr_assert_eq(cgroup_layout_parse(mountinfo, own_groups, &fixture.layout), 0);
	cr_assert_eq(fixture.layout->count, 1);
	return fixture;
}

void cgroup_fixture_remove(struct cgroup_fixture *fixture)
{
	cgroup_layout_free(fixture->layout);
	scratch_remove(&fixture->scratch);
}

void cgroup_fixture_group(const struct cgroup_fixture *fixture, const char *path)
{
	static const char *const files[] = { "cgroup.controllers", "cgroup.subtree_control",
					     "cgroup.procs" };
	char file[512];

	scratch_dir(&fixture->scratch, path);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		scratch_file(&fixture->scratch, file, i == 0 ? all_controllers : "");
	}
}

bool cgroup_fixture_is(const struct cgroup_fixture *fixture, const char *path, const char *content)
{
	char found[4096] = "";
	int fd = openat(fixture->scratch.fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, found, sizeof(found) - 1);

	if (fd >= 0)
		(void)close(fd);
	return length >= 0 && strcmp(found, content) == 0;
}
