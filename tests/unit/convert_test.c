/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/convert.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct scratch scratch;
static struct layer_convert_result result;
static struct problem problem;

static void set_up(void)
{
	scratch = scratch_make();
	scratch_dir(&scratch, "layer");
	result = (struct layer_convert_result){ 0 };
	problem.text[0] = '\0';
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(convert, .init = set_up, .fini = tear_down, .timeout = 300);

static int convert(enum whiteout_dialect dialect)
{
	char path[300];
	const struct layer_convert_options options = { .path = path, .dialect = dialect };

	(void)snprintf(path, sizeof(path), "%s/layer", scratch.path);
	return layer_convert(&options, &result, &problem);
}

static bool exists(const char *path)
{
	return scratch_exists(&scratch, path);
}

static bool is_device(const char *path)
{
	struct stat status = scratch_stat(&scratch, path);

	return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

static bool is_opaque(const char *path)
{
	return scratch_xattr_is(&scratch, path, "trusted.overlay.opaque", "y");
}

Test(convert, to_overlay)
{
	need_root(&scratch);
	scratch_dir(&scratch, "layer/dir");
	scratch_file(&scratch, "layer/dir/.wh.gone", "");
	scratch_dir(&scratch, "layer/opaque");
	scratch_file(&scratch, "layer/opaque/.wh..wh..opq", "");
	scratch_file(&scratch, "layer/opaque/.wh.gone", "");
	scratch_file(&scratch, "layer/opaque/file", "");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert(is_device("layer/dir/gone"));
	cr_assert_not(exists("layer/dir/.wh.gone"));
	cr_assert(is_opaque("layer/opaque"));
	cr_assert_not(exists("layer/opaque/.wh..wh..opq"));
	cr_assert_not(exists("layer/opaque/.wh.gone"));
	cr_assert(exists("layer/opaque/file"));
	cr_assert_eq(result.whiteouts, 2);
	cr_assert_eq(result.opaque, 1);
	cr_assert_eq(result.left, 0);
}

Test(convert, to_aufs)
{
	need_root(&scratch);
	scratch_node(&scratch, "layer/gone", S_IFCHR, 0);
	scratch_dir(&scratch, "layer/opaque");
	scratch_xattr(&scratch, "layer/opaque", "trusted.overlay.opaque", "y");
	scratch_dir(&scratch, "layer/fuse");
	scratch_xattr(&scratch, "layer/fuse", "user.fuseoverlayfs.opaque", "y");
	scratch_dir(&scratch, "layer/attributes");
	scratch_xattr(&scratch, "layer/attributes", "trusted.overlay.opaque", "x");
	scratch_file(&scratch, "layer/attributes/gone", "");
	scratch_xattr(&scratch, "layer/attributes/gone", "trusted.overlay.whiteout", "y");
	scratch_file(&scratch, "layer/attributes/empty", "");
	cr_assert_eq(convert(WHITEOUT_AUFS), 0, "%s", problem.text);
	cr_assert(exists("layer/.wh.gone"));
	cr_assert_not(exists("layer/gone"));
	cr_assert(exists("layer/opaque/.wh..wh..opq"));
	cr_assert_not(is_opaque("layer/opaque"));
	cr_assert(exists("layer/fuse/.wh..wh..opq"));
	cr_assert_not(scratch_xattr_is(&scratch, "layer/fuse", "user.fuseoverlayfs.opaque", "y"));
	cr_assert(exists("layer/attributes/.wh.gone"));
	cr_assert_not(exists("layer/attributes/gone"));
	cr_assert(exists("layer/attributes/empty"));
	cr_assert_not(
		scratch_xattr_is(&scratch, "layer/attributes", "trusted.overlay.opaque", "x"));
	cr_assert_eq(result.whiteouts, 2);
	cr_assert_eq(result.opaque, 2);
}

Test(convert, whiteouts_beside_names)
{
	need_root(&scratch);
	scratch_dir(&scratch, "layer/dir");
	scratch_file(&scratch, "layer/dir/file", "");
	scratch_file(&scratch, "layer/.wh.dir", "");
	scratch_file(&scratch, "layer/file", "");
	scratch_file(&scratch, "layer/.wh.file", "");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert(is_opaque("layer/dir"));
	cr_assert(exists("layer/dir/file"));
	cr_assert(S_ISREG(scratch_stat(&scratch, "layer/file").st_mode));
	cr_assert_not(exists("layer/.wh.dir"));
	cr_assert_not(exists("layer/.wh.file"));
}

/* It shows what is below elsewhere, which it would not if it were opaque. */
Test(convert, whiteout_beside_a_moved_directory)
{
	need_root(&scratch);
	scratch_dir(&scratch, "layer/.wh..wh.cowfs");
	scratch_dir(&scratch, "layer/moved");
	scratch_xattr(&scratch, "layer/moved", "trusted.cowfs.redirect", "/from");
	scratch_file(&scratch, "layer/.wh.moved", "");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert_not(is_opaque("layer/moved"));
	cr_assert_not(exists("layer/.wh.moved"));
}

/* As it is after a crash in the middle. */
Test(convert, both_forms)
{
	need_root(&scratch);
	scratch_file(&scratch, "layer/.wh.gone", "");
	scratch_node(&scratch, "layer/gone", S_IFCHR, 0);
	scratch_dir(&scratch, "layer/opaque");
	scratch_file(&scratch, "layer/opaque/.wh..wh..opq", "");
	scratch_xattr(&scratch, "layer/opaque", "trusted.overlay.opaque", "y");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert(is_device("layer/gone"));
	cr_assert_not(exists("layer/.wh.gone"));
	cr_assert_not(exists("layer/opaque/.wh..wh..opq"));
	scratch_file(&scratch, "layer/.wh.gone", "");
	scratch_file(&scratch, "layer/opaque/.wh..wh..opq", "");
	cr_assert_eq(convert(WHITEOUT_AUFS), 0, "%s", problem.text);
	cr_assert(exists("layer/.wh.gone"));
	cr_assert_not(exists("layer/gone"));
	cr_assert(exists("layer/opaque/.wh..wh..opq"));
	cr_assert_not(is_opaque("layer/opaque"));
}

Test(convert, name_too_long)
{
	char path[NAME_MAX + 16] = "layer/";

	need_root(&scratch);
	memset(path + strlen(path), 'n', NAME_MAX);
	scratch_node(&scratch, path, S_IFCHR, 0);
	cr_assert_eq(convert(WHITEOUT_AUFS), 0, "%s", problem.text);
	cr_assert(is_device(path));
	cr_assert_eq(result.left, 1);
}

Test(convert, state_and_times_stay)
{
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 7 } };

	scratch_dir(&scratch, "layer/.wh..wh.cowfs");
	scratch_file(&scratch, "layer/.wh..wh.cowfs/.wh.x", "");
	scratch_file(&scratch, "layer/.wh.gone", "");
	cr_assert_eq(utimensat(scratch.fd, "layer", times, 0), 0);
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert(exists("layer/.wh..wh.cowfs/.wh.x"));
	cr_assert_eq(scratch_stat(&scratch, "layer").st_mtime, 7);
}

Test(convert, ordinary_user)
{
	become_ordinary(&scratch);
	scratch_file(&scratch, "layer/.wh.gone", "");
	scratch_dir(&scratch, "layer/opaque");
	scratch_file(&scratch, "layer/opaque/.wh..wh..opq", "");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), 0, "%s", problem.text);
	cr_assert_not(exists("layer/.wh.gone"));
	cr_assert(exists("layer/gone"));
	cr_assert_not(exists("layer/opaque/.wh..wh..opq"));
	cr_assert_eq(convert(WHITEOUT_AUFS), 0, "%s", problem.text);
	cr_assert(exists("layer/.wh.gone"));
	cr_assert_not(exists("layer/gone"));
	cr_assert(exists("layer/opaque/.wh..wh..opq"));
}

Test(convert, in_use)
{
	int fd = openat(scratch.fd, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(flock(fd, LOCK_EX), 0);
	scratch_file(&scratch, "layer/.wh.gone", "");
	cr_assert_eq(convert(WHITEOUT_OVERLAY), -EBUSY);
	cr_assert(exists("layer/.wh.gone"));
	(void)close(fd);
}
