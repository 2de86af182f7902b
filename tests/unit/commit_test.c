/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "archive/apply.h"
#include "archive/commit.h"
#include "archive/tar_writer.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LAYERS_MAX 4
#define MEMBERS_MAX 64

static struct scratch scratch;
static struct layer_commit_options options;
static struct layer_commit_result result;
static struct problem problem, warning;

static void set_up(void)
{
	scratch = scratch_make();
	options = (struct layer_commit_options){ 0 };
	problem.text[0] = warning.text[0] = '\0';
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(commit, .init = set_up, .fini = tear_down, .timeout = 300);

/* Opens these layers, the topmost first, up to NULL. */
static struct union_fs *open_layers(const char *const *names)
{
	static char paths[LAYERS_MAX][300];
	const char *lowers[LAYERS_MAX];
	struct union_options union_options = { .lowers = lowers, .only_look = true };
	struct union_fs *fs;

	for (; names[union_options.lower_count]; union_options.lower_count++) {
		size_t i = union_options.lower_count;

		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", scratch.path, names[i]);
		lowers[i] = paths[i];
	}
	cr_assert_eq(union_open(&union_options, &fs, &problem, &warning), 0, "%s", problem.text);
	return fs;
}

/* Commits the layers to a file in memory, all but those from `below` (or NULL) on; what layer_commit() returns. */
static int commit(const char *const *names, const char *const *below, int *ret_fd)
{
	int error, fd = memfd_create("archive", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	options.layers = open_layers(names);
	options.below = below ? open_layers(below) : NULL;
	error = layer_commit(&options, fd, &result, &problem, &warning);
	cr_assert_eq(error != 0, problem.text[0] != '\0');
	union_close(options.layers);
	union_close(options.below);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	*ret_fd = fd;
	return error;
}

#define commit_layers(ret_fd, ...) commit((const char *const[]){ __VA_ARGS__, NULL }, NULL, ret_fd)

static int must_commit(const char *name)
{
	int fd;

	cr_assert_eq(commit_layers(&fd, name), 0, "%s", problem.text);
	return fd;
}

/* The names in the (plain) tar, each followed by a space. */
static void read_names(int fd, struct buffer *names)
{
	char block[512 + 1] = "";
	unsigned long size;

	while (pread(fd, block, 512, lseek(fd, 0, SEEK_CUR)) == 512 && block[0]) {
		size = strtoul(block + 124, NULL, 8);
		if (block[156] != 'x')
			cr_assert_eq(buffer_append_format(names, "%.100s ", block), 0);
		cr_assert_geq(lseek(fd, 512 + (long)((size + 511) / 512 * 512), SEEK_CUR), 0);
	}
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
}

static void check_names(int fd, const char *expected)
{
	cleanup_buffer struct buffer names = BUFFER_INIT;

	read_names(fd, &names);
	cr_assert_str_eq(buffer_string(&names), expected);
}

/* up/ over low/ has these names as what it changes. */
static void check_difference(const char *expected)
{
	const char *const names[] = { "up", "low", NULL };
	int fd;

	options.has_source_date_epoch = true;
	cr_assert_eq(commit(names, names + 1, &fd), 0, "%s", problem.text);
	check_names(fd, expected);
	(void)close(fd);
}

static void apply(int fd, const char *name, enum whiteout_dialect dialect)
{
	const struct apply_source source = { .fd = fd, .name = "archive" };
	struct layer_apply_result apply_result;
	char path[300];
	struct layer_apply_options apply_options = { .target = path, .dialect = dialect };

	scratch_dir(&scratch, name);
	(void)snprintf(path, sizeof(path), "%s/%s", scratch.path, name);
	cr_assert_eq(layer_apply(&source, &apply_options, &apply_result, &problem, &warning), 0,
		     "%s", problem.text);
	cr_assert_str_eq(apply_result.archive.diff_id, result.archive.diff_id);
	cr_assert_str_eq(apply_result.archive.digest, result.archive.digest);
	cr_assert_eq(apply_result.archive.tar_bytes, result.archive.tar_bytes);
	cr_assert_eq(apply_result.archive.archive_bytes, result.archive.archive_bytes);
	cr_assert_eq(apply_result.archive.entries, result.archive.entries);
	cr_assert_eq(apply_result.archive.compression, result.archive.compression);
}

/* One of everything that an ordinary user can make. */
static void make_layer(void)
{
	char name[NAME_MAX + 6] = "up/";
	int fd;

	scratch_dir(&scratch, "up");
	scratch_file(&scratch, "up/file", "content");
	scratch_xattr(&scratch, "up/file", "user.b", "b");
	scratch_xattr(&scratch, "up/file", "user.a", "a");
	scratch_dir(&scratch, "up/dir");
	scratch_file(&scratch, "up/dir/.wh.gone", "");
	scratch_file(&scratch, "up/dir/e\xcc\x81", "decomposed");
	scratch_file(&scratch, "up/dir/\xff", "not UTF-8");
	cr_assert_eq(linkat(scratch.fd, "up/file", scratch.fd, "up/dir/link", 0), 0);
	scratch_dir(&scratch, "up/opaque");
	scratch_file(&scratch, "up/opaque/.wh..wh..opq", "");
	scratch_symlink(&scratch, "up/symlink", "target");
	scratch_node(&scratch, "up/fifo", S_IFIFO | 0600, 0);
	memset(name + strlen(name), 'n', NAME_MAX);
	scratch_file(&scratch, name, "longest");
	fd = openat(scratch.fd, "up/sparse", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(pwrite(fd, "data", 4, 3 << 20), 4);
	cr_assert_eq(ftruncate(fd, 5 << 20), 0);
	cr_assert_eq(close(fd), 0);
	fd = openat(scratch.fd, "up/hole", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(ftruncate(fd, 1 << 20), 0);
	cr_assert_eq(close(fd), 0);
}

/* -- round trips -- */

static void check_round_trip(enum tar_compression compression, enum whiteout_dialect dialect)
{
	char diff_id[TAR_DIGEST_SIZE];
	int first, second;

	make_layer();
	options.compression = compression;
	first = must_commit("up");
	memcpy(diff_id, result.archive.diff_id, sizeof(diff_id));
	apply(first, "copy", dialect);
	second = must_commit("copy");
	cr_assert_str_eq(result.archive.diff_id, diff_id);
	cr_assert_lt(scratch_stat(&scratch, "copy/sparse").st_blocks, 1024);
	cr_assert_eq(scratch_stat(&scratch, "copy/hole").st_blocks, 0);
	(void)close(first);
	(void)close(second);
}

Test(commit, round_trip)
{
	check_round_trip(TAR_PLAIN, WHITEOUT_AUFS);
}

Test(commit, round_trip_gzip)
{
	check_round_trip(TAR_GZIP, WHITEOUT_AUFS);
}

Test(commit, round_trip_zstd)
{
	check_round_trip(TAR_ZSTD, WHITEOUT_AUFS);
}

Test(commit, round_trip_through_overlay)
{
	check_round_trip(TAR_PLAIN, WHITEOUT_OVERLAY);
}

Test(commit, same_bytes_again)
{
	static const enum tar_compression all[] = { TAR_PLAIN, TAR_GZIP, TAR_ZSTD };
	char digest[TAR_DIGEST_SIZE];

	make_layer();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		options.compression = all[i];
		(void)close(must_commit("up"));
		memcpy(digest, result.archive.digest, sizeof(digest));
		(void)close(must_commit("up"));
		cr_assert_str_eq(result.archive.digest, digest);
	}
}

Test(commit, source_date_epoch)
{
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
	int fd;

	scratch_dir(&scratch, "up");
	scratch_file(&scratch, "up/old", "");
	scratch_file(&scratch, "up/young", "");
	cr_assert_eq(utimensat(scratch.fd, "up/old", times, 0), 0);
	options.has_source_date_epoch = true;
	options.source_date_epoch = 1000;
	fd = must_commit("up");
	apply(fd, "copy", WHITEOUT_AUFS);
	cr_assert_eq(scratch_stat(&scratch, "copy/old").st_mtime, 5);
	cr_assert_eq(scratch_stat(&scratch, "copy/young").st_mtime, 1000);
	cr_assert_eq(scratch_stat(&scratch, "copy/young").st_mtim.tv_nsec, 0);
	cr_assert_eq(scratch_stat(&scratch, "copy").st_mtime, 1000);
	(void)close(fd);
}

/* It could be taken for one big hole. */
Test(commit, unreadable_file)
{
	cleanup_fd int fd = -1;

	become_ordinary(&scratch);
	scratch_dir(&scratch, "up");
	scratch_file(&scratch, "up/file", "text");
	cr_assert_eq(fchmodat(scratch.fd, "up/file", 0, 0), 0);
	if (geteuid() == 0)
		skip_test(&scratch, "needs another user");
	cr_assert_eq(commit((const char *[]){ "up", NULL }, NULL, &fd), -EACCES);
	cr_assert(strstr(problem.text, "file"), "%s", problem.text);
}

Test(commit, holes_as_zeros)
{
	int fd;

	make_layer();
	options.fill_holes = true;
	fd = must_commit("up");
	cr_assert_gt(result.archive.tar_bytes, 6 << 20);
	apply(fd, "copy", WHITEOUT_AUFS);
	cr_assert_eq(scratch_stat(&scratch, "copy/sparse").st_size, 5 << 20);
	(void)close(fd);
}

/* -- what is written -- */

Test(commit, order)
{
	int fd;

	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/b");
	scratch_file(&scratch, "up/b/x", "");
	scratch_file(&scratch, "up/b.c", "");
	scratch_file(&scratch, "up/.wh.z", "");
	scratch_file(&scratch, "up/!", "");
	scratch_file(&scratch, "up/b/.wh..wh..opq", "");
	options.has_source_date_epoch = true;
	fd = must_commit("up");
	check_names(fd, "./ .wh.z ! b/ b/.wh..wh..opq b/x b.c ");
	(void)close(fd);
}

Test(commit, bookkeeping_is_left_out)
{
	int fd;

	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/.wh..wh.cowfs");
	scratch_dir(&scratch, "up/.wh..wh.cowfs/index");
	scratch_file(&scratch, "up/.wh..wh.aufs", "");
	scratch_file(&scratch, "up/file", "");
	scratch_xattr(&scratch, "up/file", "user.cowfs.origin", "1:2");
	scratch_xattr(&scratch, "up/file", "user.overlay.metacopy", "");
	fd = must_commit("up");
	apply(fd, "copy", WHITEOUT_AUFS);
	cr_assert_not(scratch_exists(&scratch, "copy/.wh..wh.cowfs"));
	cr_assert_not(scratch_exists(&scratch, "copy/.wh..wh.aufs"));
	cr_assert_not(scratch_xattr_is(&scratch, "copy/file", "user.cowfs.origin", "1:2"));
	(void)close(fd);
}

Test(commit, excluded)
{
	const char *const excluded[] = { "etc/hosts", "volume" };
	int fd;

	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/etc");
	scratch_file(&scratch, "up/etc/hosts", "");
	scratch_file(&scratch, "up/etc/hosts.allow", "");
	scratch_dir(&scratch, "up/volume");
	scratch_file(&scratch, "up/volume/file", "");
	options.excluded = excluded;
	options.excluded_count = 2;
	options.has_source_date_epoch = true;
	fd = must_commit("up");
	check_names(fd, "./ etc/ etc/hosts.allow ");
	(void)close(fd);
}

Test(commit, excluded_whiteout)
{
	const char *const excluded[] = { "etc/hosts" };
	int fd;

	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/etc");
	scratch_file(&scratch, "up/etc/.wh.hosts", "");
	scratch_file(&scratch, "up/etc/.wh.passwd", "");
	options.excluded = excluded;
	options.excluded_count = 1;
	options.has_source_date_epoch = true;
	fd = must_commit("up");
	check_names(fd, "./ etc/ etc/.wh.passwd ");
	(void)close(fd);
}

Test(commit, sockets_are_left_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "up/socket" };
	int fd, sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	scratch_dir(&scratch, "up");
	cr_assert_eq(fchdir(scratch.fd), 0);
	cr_assert_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(sock);
	options.has_source_date_epoch = true;
	fd = must_commit("up");
	check_names(fd, "./ .wh.socket ");
	cr_assert_eq(result.left_out, 1);
	cr_assert(strstr(warning.text, "socket"));
	(void)close(fd);
}

Test(commit, name_that_cannot_be_written)
{
	int fd;

	scratch_dir(&scratch, "up");
	scratch_file(&scratch, "up/\xed\xa0\xbd\xed\xb8\x80", "");
	cr_assert_eq(commit_layers(&fd, "up"), -EILSEQ);
	(void)close(fd);
}

Test(commit, moved_directory_needs_the_layers_below)
{
	int fd;

	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/.wh..wh.cowfs");
	scratch_dir(&scratch, "up/moved");
	scratch_xattr(&scratch, "up/moved", "user.cowfs.redirect", "/from");
	cr_assert_eq(commit_layers(&fd, "up"), -EXDEV);
	cr_assert(strstr(problem.text, "/moved"), "%s", problem.text);
	(void)close(fd);
}

Test(commit, disk_full)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	static const enum tar_compression all[] = { TAR_PLAIN, TAR_GZIP, TAR_ZSTD };

	make_layer();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		options.compression = all[i];
		options.layers = open_layers((const char *const[]){ "up", NULL });
		cr_assert_eq(layer_commit(&options, full, &result, &problem, &warning), -ENOSPC,
			     "%s", problem.text);
		union_close(options.layers);
	}
	(void)close(full);
}

static int give_up(void *context, uint64_t bytes)
{
	(void)context;
	(void)bytes;
	return -ECANCELED;
}

Test(commit, given_up)
{
	int fd;

	make_layer();
	options.fill_holes = true;
	options.progress.show = give_up;
	cr_assert_eq(commit_layers(&fd, "up"), -ECANCELED);
	(void)close(fd);
}

/* -- several layers as one -- */

/* Whiteouts that the lower of two layers makes up for, and others; a directory in place of one, and of a file. */
static void make_two_layers(void)
{
	scratch_dir(&scratch, "a");
	scratch_file(&scratch, "a/.wh.only-below", "");
	scratch_file(&scratch, "a/.wh.in-b", "");
	scratch_dir(&scratch, "a/again");
	scratch_file(&scratch, "a/again/new", "");
	scratch_dir(&scratch, "a/merged");
	scratch_file(&scratch, "a/merged/a", "");
	scratch_dir(&scratch, "a/was-file");
	scratch_dir(&scratch, "a/opaque");
	scratch_file(&scratch, "a/opaque/.wh.x", "");
	scratch_dir(&scratch, "b");
	scratch_file(&scratch, "b/in-b", "");
	scratch_file(&scratch, "b/.wh.again", "");
	scratch_dir(&scratch, "b/merged");
	scratch_file(&scratch, "b/merged/b", "");
	scratch_file(&scratch, "b/merged/.wh.gone", "");
	scratch_file(&scratch, "b/was-file", "");
	scratch_dir(&scratch, "b/opaque");
	scratch_file(&scratch, "b/opaque/.wh..wh..opq", "");
	scratch_file(&scratch, "b/opaque/x", "");
	scratch_file(&scratch, "b/opaque/y", "");
	options.has_source_date_epoch = true;
}

Test(commit, two_layers_as_one)
{
	int fd;

	make_two_layers();
	cr_assert_eq(commit_layers(&fd, "a", "b"), 0, "%s", problem.text);
	check_names(fd, "./ .wh.in-b .wh.only-below again/ again/.wh..wh..opq again/new merged/ "
			"merged/.wh.gone merged/a merged/b opaque/ opaque/.wh..wh..opq opaque/y "
			"was-file/ was-file/.wh..wh..opq ");
	(void)close(fd);
}

Test(commit, two_layers_as_a_tree)
{
	int fd;

	make_two_layers();
	options.flatten = true;
	cr_assert_eq(commit_layers(&fd, "a", "b"), 0, "%s", problem.text);
	check_names(fd,
		    "./ again/ again/new merged/ merged/a merged/b opaque/ opaque/y was-file/ ");
	(void)close(fd);
}

/* -- what changes -- */

Test(commit, difference)
{
	scratch_dir(&scratch, "low");
	scratch_file(&scratch, "low/gone", "");
	scratch_file(&scratch, "low/kept", "");
	scratch_dir(&scratch, "low/dir");
	scratch_file(&scratch, "low/dir/kept", "");
	scratch_dir(&scratch, "low/opaque");
	scratch_file(&scratch, "low/opaque/gone", "");
	scratch_dir(&scratch, "up");
	scratch_file(&scratch, "up/.wh.gone", "");
	scratch_file(&scratch, "up/.wh.never-was", "");
	scratch_dir(&scratch, "up/dir");
	scratch_file(&scratch, "up/dir/new", "");
	scratch_dir(&scratch, "up/opaque");
	scratch_file(&scratch, "up/opaque/.wh..wh..opq", "");
	scratch_file(&scratch, "up/opaque/new", "");
	check_difference("./ .wh.gone dir/ dir/new opaque/ opaque/.wh..wh..opq opaque/new ");
}

Test(commit, opaque_over_nothing)
{
	scratch_dir(&scratch, "low");
	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/opaque");
	scratch_file(&scratch, "up/opaque/.wh..wh..opq", "");
	check_difference("./ opaque/ ");
}

/* A whiteout of the name would be no name of a file: the directory is written whole. */
Test(commit, whiteout_of_the_longest_name)
{
	char name[NAME_MAX + 1] = "", low[NAME_MAX + 16], up[NAME_MAX + 16];

	need_root(&scratch);
	memset(name, 'n', NAME_MAX);
	(void)snprintf(low, sizeof(low), "low/dir/%.255s", name);
	(void)snprintf(up, sizeof(up), "up/dir/%.255s", name);
	scratch_dir(&scratch, "low");
	scratch_dir(&scratch, "low/dir");
	scratch_file(&scratch, low, "");
	scratch_file(&scratch, "low/dir/kept", "");
	scratch_dir(&scratch, "low/dir/sub");
	scratch_file(&scratch, "low/dir/sub/kept", "");
	scratch_dir(&scratch, "up");
	scratch_dir(&scratch, "up/dir");
	scratch_node(&scratch, up, S_IFCHR, 0);
	check_difference("./ dir/ dir/.wh..wh..opq dir/kept dir/sub/ dir/sub/kept ");
}

/* A union of up/ over low/ that can be changed. */
static struct union_fs *open_union(void)
{
	char paths[2][300];
	const char *lower = paths[1];
	struct union_options union_options = {
		.lowers = &lower,
		.lower_count = 1,
		.upper = paths[0],
		.volatile_upper = true,
	};
	struct union_fs *fs;

	(void)snprintf(paths[0], sizeof(paths[0]), "%s/up", scratch.path);
	(void)snprintf(paths[1], sizeof(paths[1]), "%s/low", scratch.path);
	cr_assert_eq(union_open(&union_options, &fs, &problem, &warning), 0, "%s", problem.text);
	return fs;
}

Test(commit, moved_directory)
{
	struct union_fs *fs;

	scratch_dir(&scratch, "low");
	scratch_dir(&scratch, "low/from");
	scratch_file(&scratch, "low/from/file", "");
	scratch_dir(&scratch, "low/from/sub");
	scratch_file(&scratch, "low/from/sub/file", "");
	scratch_dir(&scratch, "up");
	fs = open_union();
	cr_assert_eq(union_rename(fs, union_root(fs), "from", union_root(fs), "to", 0), 0);
	union_close(fs);
	check_difference("./ .wh.from to/ to/file to/sub/ to/sub/file ");
}

Test(commit, names_that_only_the_index_knows)
{
	struct union_entry entry;
	struct union_fs *fs;

	scratch_dir(&scratch, "low");
	scratch_file(&scratch, "low/a", "content");
	scratch_dir(&scratch, "low/dir");
	cr_assert_eq(linkat(scratch.fd, "low/a", scratch.fd, "low/dir/b", 0), 0);
	scratch_dir(&scratch, "up");
	fs = open_union();
	cr_assert_eq(union_lookup(fs, union_root(fs), "a", &entry), 0);
	cr_assert_eq(union_write(fs, entry.inode, "C", 1, 0, false), 1);
	union_forget(fs, entry.inode, 1);
	union_close(fs);
	check_difference("./ a dir/ dir/b ");
}

Test(commit, changed_hard_links_need_the_layers_below)
{
	struct union_entry entry;
	struct union_fs *fs;
	int fd;

	scratch_dir(&scratch, "low");
	scratch_file(&scratch, "low/a", "content");
	cr_assert_eq(linkat(scratch.fd, "low/a", scratch.fd, "low/b", 0), 0);
	scratch_dir(&scratch, "up");
	fs = open_union();
	cr_assert_eq(union_lookup(fs, union_root(fs), "a", &entry), 0);
	cr_assert_eq(union_write(fs, entry.inode, "C", 1, 0, false), 1);
	union_forget(fs, entry.inode, 1);
	union_close(fs);
	cr_assert_eq(commit_layers(&fd, "up"), -EXDEV);
	cr_assert(strstr(problem.text, "other names"), "%s", problem.text);
	(void)close(fd);
}

Test(commit, names_of_attributes)
{
	cr_assert(tar_writer_wants_xattr("user.a"));
	cr_assert(tar_writer_wants_xattr("security.capability"));
	cr_assert(tar_writer_wants_xattr("system.posix_acl_default"));
	cr_assert(!tar_writer_wants_xattr("system.nfs4_acl"));
	cr_assert(!tar_writer_wants_xattr("security.selinux"));
	cr_assert(tar_writer_keeps_xattr("user.a-b_c.d"));
	cr_assert(!tar_writer_keeps_xattr("user.a b"));
	cr_assert(!tar_writer_keeps_xattr("user.a=b"));
	cr_assert(!tar_writer_keeps_xattr("user.%41"));
	cr_assert(!tar_writer_keeps_xattr("user.\303\251"));
	cr_assert(!tar_writer_keeps_xattr("user.\177"));
}
