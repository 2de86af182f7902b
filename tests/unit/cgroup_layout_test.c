/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/layout.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static struct scratch scratch;
static char device[32];

static void set_up(void)
{
	struct stat status;

	scratch = scratch_make();
	status = scratch_stat(&scratch, ".");
	(void)snprintf(device, sizeof(device), "%u:%u", major(status.st_dev), minor(status.st_dev));
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(cgroup_layout, .init = set_up, .fini = tear_down, .timeout = 300);

/* A line of mountinfo for a directory of the scratch space, which is made. */
static void add_mount(char *text, size_t size, const char *directory, const char *root,
		      const char *type, const char *options)
{
	size_t length = strlen(text);

	if (!scratch_exists(&scratch, directory))
		scratch_dir(&scratch, directory);
	(void)snprintf(text + length, size - length,
		       "40 30 %s %s %s/%s rw,nosuid shared:9 master:1 - %s cgroup rw,%s\n", device,
		       root, scratch.path, directory, type, options);
}

static struct cgroup_layout *parse(const char *mountinfo, const char *own)
{
	struct cgroup_layout *layout = NULL;

	cr_assert_eq(cgroup_layout_parse(mountinfo, own, &layout), 0);
	return layout;
}

static void make_v2_files(const char *controllers)
{
	scratch_dir(&scratch, "unified");
	scratch_file(&scratch, "unified/cgroup.controllers", controllers);
}

Test(cgroup_layout, version_1)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096] = "";

	add_mount(text, sizeof(text), "cpu,cpuacct", "/", "cgroup", "cpu,cpuacct");
	add_mount(text, sizeof(text), "memory", "/", "cgroup", "memory");
	add_mount(text, sizeof(text), "perf", "/", "cgroup", "perf_event");
	add_mount(text, sizeof(text), "systemd", "/", "cgroup", "xattr,name=systemd");
	layout =
		parse(text, "4:perf_event:/\n3:cpu,cpuacct:/user\n2:memory:/\n1:name=systemd:/s\n");
	cr_assert_eq(layout->count, 3);
	cr_assert_str_eq(layout->hierarchies[0].name, "cpu,cpuacct");
	cr_assert_eq(layout->hierarchies[0].controllers, 1 << CGROUP_CPU | 1 << CGROUP_CPUACCT);
	cr_assert_str_eq(layout->hierarchies[0].own, "user");
	cr_assert_eq(layout->hierarchies[1].controllers, 1 << CGROUP_MEMORY);
	cr_assert_str_eq(layout->hierarchies[2].name, "name=systemd");
	cr_assert_eq(layout->hierarchies[2].controllers, 0);
	cr_assert_not(cgroup_layout_is_unified(layout));
}

Test(cgroup_layout, version_2)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096] = "";

	make_v2_files("cpuset cpu io memory hugetlb pids\n");
	add_mount(text, sizeof(text), "unified", "/", "cgroup2", "nsdelegate");
	layout = parse(text, "0::/user.slice/session.scope\n");
	cr_assert(cgroup_layout_is_unified(layout));
	cr_assert_eq(layout->hierarchies[0].controllers, (1 << CGROUP_CONTROLLERS) - 1);
	cr_assert_str_eq(layout->hierarchies[0].own, "user.slice/session.scope");
}

/* What version 1 holds, version 2 has not, even when it has no name there. */
Test(cgroup_layout, hybrid)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096] = "";

	make_v2_files("hugetlb\n");
	add_mount(text, sizeof(text), "unified", "/", "cgroup2", "x");
	add_mount(text, sizeof(text), "freezer", "/", "cgroup", "freezer");
	layout = parse(text, "2:freezer:/\n0::/\n");
	cr_assert_eq(layout->count, 2);
	cr_assert_eq(layout->hierarchies[0].controllers, 1 << CGROUP_CPUACCT | 1 << CGROUP_DEVICES);
	cr_assert_eq(layout->hierarchies[1].controllers, 1 << CGROUP_FREEZER);
}

Test(cgroup_layout, mounts_of_a_part)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096] = "";

	add_mount(text, sizeof(text), "cpu", "/docker/abc", "cgroup", "cpu");
	add_mount(text, sizeof(text), "memory", "/docker/abc", "cgroup", "memory");
	add_mount(text, sizeof(text), "pids", "/docker/abc", "cgroup", "pids");
	add_mount(text, sizeof(text), "blkio", "/", "cgroup", "blkio");
	layout = parse(text, "1:cpu:/docker/abc\n2:memory:/docker/abc/x/y\n3:pids:/docker/abcd\n"
			     "4:blkio:/../other\n");
	cr_assert_eq(layout->count, 4);
	cr_assert_str_eq(layout->hierarchies[0].own, "");
	cr_assert_str_eq(layout->hierarchies[1].own, "x/y");
	cr_assert_null(layout->hierarchies[2].own);
	cr_assert_null(layout->hierarchies[3].own);
}

Test(cgroup_layout, hidden_and_broken_mounts_are_left_out)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096] = "not a mount\n\n40 30 x - cgroup\n1 2 3:4 / / rw - - - cgroup\n";
	size_t length = strlen(text);

	scratch_dir(&scratch, "memory");
	(void)snprintf(text + length, sizeof(text) - length,
		       "40 30 0:4095 / %s/memory rw - cgroup cgroup rw,memory\n"
		       "40 30 %s / %s/missing rw - cgroup cgroup rw,pids\n",
		       scratch.path, device, scratch.path);
	add_mount(text, sizeof(text), "cpu", "/", "cgroup", "cpu");
	add_mount(text, sizeof(text), "again", "/", "cgroup", "cpu");
	layout = parse(text, "1:cpu:/\n2:memory:/\n3:pids:/\nrubbish\n:\n5:\n");
	cr_assert_eq(layout->count, 1);
	cr_assert_str_eq(layout->hierarchies[0].name, "cpu");
}

Test(cgroup_layout, spaces_in_names)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	char text[4096];

	scratch_dir(&scratch, "a b");
	(void)snprintf(text, sizeof(text), "1 2 %s / %s/a\\040b rw - cgroup c rw,cpu\n", device,
		       scratch.path);
	layout = parse(text, "1:cpu:/\n");
	cr_assert_eq(layout->count, 1);
	cr_assert_not_null(strstr(layout->hierarchies[0].mountpoint, "/a b"));
}

Test(cgroup_layout, a_machine_without_any)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = parse("", "");

	cr_assert_eq(layout->count, 0);
}

Test(cgroup_layout, leaves_no_descriptors)
{
	size_t before = count_descriptors();
	char text[4096] = "";

	add_mount(text, sizeof(text), "cpu", "/", "cgroup", "cpu");
	cgroup_layout_free(parse(text, "1:cpu:/\n"));
	cr_assert_eq(count_descriptors(), before);
}
