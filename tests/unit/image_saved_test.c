/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved images in a directory: which there are, and what they say of themselves. tests/e2e/image_archives.sh has hostile ones. */
#include "oci/saved.h"
#include "oci/tree_file.h"

#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct scratch scratch;
static struct saved_place place;
static struct saved_list list;
static struct saved_image image;
static struct problem problem;
static bool any_machine;

static void set_up(void)
{
	scratch = scratch_make();
	place = (struct saved_place){ .directory = scratch.fd, .what = "it" };
}

static void tear_down(void)
{
	saved_image_free(&image);
	saved_list_free(&list);
	scratch_remove(&scratch);
}

TestSuite(image_saved, .init = set_up, .fini = tear_down, .timeout = 300);

#define DIGIT_16 "0123456789abcdef"
#define DIFF_ID "sha256:" DIGIT_16 DIGIT_16 DIGIT_16 DIGIT_16
#define CONFIG "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF_ID "\"]}}"

static int read_list(void)
{
	saved_list_free(&list);
	return saved_list_read(&place, &list, &problem);
}

static int read_image(size_t i)
{
	saved_image_free(&image);
	return saved_image_read(&place, &list.items[i], any_machine, &image, &problem);
}

/* -- docker's -- */

Test(image_saved, of_docker)
{
	scratch_file(&scratch, "manifest.json",
		     "[{\"Config\":\"c.json\",\"RepoTags\":[\"app:1\",\"app:2\",\"Not A Name\"],"
		     "\"Layers\":[\"a/layer.tar\"]},{\"Config\":\"absent\",\"Layers\":[]}]");
	scratch_file(&scratch, "c.json", CONFIG);
	cr_assert_eq(saved_kind_of(scratch.fd), SAVED_DOCKER);
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(list.count, 2);
	cr_assert_eq(list.items[0].names.count, 2);
	cr_assert_str_eq(list.items[0].names.strings[0], "localhost/app:1");
	cr_assert_eq(list.items[1].names.count, 0);
	cr_assert_eq(read_image(0), 0, "%s", problem.text);
	cr_assert_eq(image.layers.count, 1);
	cr_assert_str_eq(image.layers.strings[0], "a/layer.tar");
	cr_assert_null(saved_image_layer(&image, 0));
	cr_assert_eq(image.content.config.size, strlen(CONFIG));
	cr_assert_eq(read_image(1), -ENOENT);
	cr_assert_str_eq(problem.text, "it: absent: No such file or directory");
	cr_assert_eq(saved_open(&place, "a/layer.tar", &problem), -ENOENT);
}

Test(image_saved, of_docker_with_too_few_layers)
{
	scratch_file(&scratch, "manifest.json", "[{\"Config\":\"c.json\",\"Layers\":[]}]");
	scratch_file(&scratch, "c.json", CONFIG);
	cr_assert_eq(read_list(), 0);
	cr_assert_eq(read_image(0), -EINVAL);
	cr_assert_not_null(strstr(problem.text, "differ in number"));
}

/* -- layouts -- */

/* Writes a blob; its descriptor, with more members. */
static const char *put_blob(const char *type, const char *text, const char *more)
{
	static char descriptors[4][512];
	static int next;
	char *descriptor = descriptors[next++ % 4];
	char path[SAVED_BLOB_PATH_SIZE];
	struct digest digest;

	cr_assert_eq(digest_of_bytes(text, strlen(text), &digest), 0);
	scratch_file(&scratch, saved_blob_path(&digest, path), text);
	(void)snprintf(descriptor, 512,
		       "{\"mediaType\":\"application/vnd.oci.image.%s\",\"digest\":\"sha256:%s\","
		       "\"size\":%zu%s}",
		       type, digest.hex, strlen(text), more);
	return descriptor;
}

static const char *put_manifest(const char *layer, const char *more)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}",
		       put_blob("config.v1+json", CONFIG, ""), put_blob("layer.v1.tar", layer, ""));
	return put_blob("manifest.v1+json", text, more);
}

static void put_index(const char *items)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"manifests\":[%s]}", items);
	scratch_file(&scratch, "index.json", text);
}

static void make_blobs(void)
{
	scratch_dir(&scratch, "blobs");
	scratch_dir(&scratch, "blobs/sha256");
}

#define NAMED(name) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"
#define ELSEWHERE ",\"platform\":{\"os\":\"linux\",\"architecture\":\"none-such\"}"

Test(image_saved, layout)
{
	make_blobs();
	put_index(put_manifest("layer", NAMED("app")));
	scratch_file(&scratch, "manifest.json", "not looked at");
	cr_assert_eq(saved_kind_of(scratch.fd), SAVED_LAYOUT);
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(list.count, 1);
	cr_assert_str_eq(list.items[0].names.strings[0], "localhost/app:latest");
	cr_assert_eq(read_image(0), 0, "%s", problem.text);
	cr_assert_eq(image.layers.count, 1);
	cr_assert_eq(saved_image_layer(&image, 0)->size, 5);
	cr_assert_null(saved_image_layer(&image, 1));
	cr_assert_eq(close(saved_open(&place, image.layers.strings[0], &problem)), 0);
	cr_assert_eq(image.config.diff_id_count, 1);
}

Test(image_saved, namesake_for_another_machine)
{
	char items[1200];

	make_blobs();
	(void)snprintf(items, sizeof(items), "%s,", put_manifest("a", NAMED("app") ELSEWHERE));
	(void)strcat(items, put_manifest("b", NAMED("app")));
	put_index(items);
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(list.count, 1);
	cr_assert_not(saved_item_is_for_others(&list.items[0]));
	/* Of different names both are there. */
	(void)snprintf(items, sizeof(items), "%s,", put_manifest("a", NAMED("far") ELSEWHERE));
	(void)strcat(items, put_manifest("b", NAMED("app")));
	put_index(items);
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(list.count, 2);
	cr_assert(saved_item_is_for_others(&list.items[0]));
}

Test(image_saved, index_of_several_machines)
{
	char text[1500];

	make_blobs();
	(void)snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"manifests\":[%s,",
		       put_manifest("a", ELSEWHERE));
	(void)strcat(text, put_manifest("b", ""));
	(void)strcat(text, "]}");
	put_index(put_blob("index.v1+json", text, NAMED("app")));
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(list.count, 1);
	cr_assert_eq(read_image(0), 0, "%s", problem.text);
	cr_assert_eq(saved_image_layer(&image, 0)->size, 1);
	cr_assert_eq(close(saved_open(&place, image.layers.strings[0], &problem)), 0);
}

/* As docker saves what it has of an image for several machines, with what the builder attests. */
Test(image_saved, index_of_other_machines)
{
	char text[1500];

	make_blobs();
	(void)snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"manifests\":[%s,",
		       put_manifest("absent", ELSEWHERE));
	scratch_remove(&scratch);
	set_up();
	make_blobs();
	(void)strcat(text, put_manifest("abc", ELSEWHERE));
	(void)strcat(text, ",");
	(void)strcat(text, put_manifest("x", ",\"platform\":{\"os\":\"unknown\",\"architecture\":"
					     "\"unknown\"}"));
	(void)strcat(text, "]}");
	put_index(put_blob("index.v1+json", text, ""));
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	cr_assert_eq(read_image(0), -ENOENT);
	cr_assert_not_null(strstr(problem.text, "has no image for linux on"));
	any_machine = true;
	cr_assert_eq(read_image(0), 0, "%s", problem.text);
	cr_assert_eq(saved_image_layer(&image, 0)->size, 3);
}

Test(image_saved, changed_documents)
{
	char path[SAVED_BLOB_PATH_SIZE];

	make_blobs();
	put_index(put_manifest("layer", ""));
	cr_assert_eq(read_list(), 0, "%s", problem.text);
	(void)saved_blob_path(&list.items[0].descriptor.digest, path);
	scratch_file(&scratch, path, "{}");
	cr_assert_eq(read_image(0), -EBADMSG);
	cr_assert_not_null(strstr(problem.text, "damaged or was tampered with"));
}

Test(image_saved, nothing)
{
	cr_assert_eq(saved_kind_of(scratch.fd), SAVED_NOTHING);
	cr_assert_eq(read_list(), -EMEDIUMTYPE);
	put_index("");
	cr_assert_eq(read_list(), -ENOENT);
	cr_assert_str_eq(problem.text, "it holds no image");
	put_index("1");
	cr_assert_eq(read_list(), -EINVAL);
}

/* -- files of the tree -- */

Test(image_saved, paths_lead_nowhere_else)
{
	scratch_dir(&scratch, "a");
	scratch_dir(&scratch, "a/b");
	scratch_file(&scratch, "a/file", "x");
	scratch_symlink(&scratch, "a/b/link", "../../a/file");
	scratch_symlink(&scratch, "a/out", "../../file");
	scratch_symlink(&scratch, "a/absolute", "/etc/passwd");
	scratch_symlink(&scratch, "a/self", "self");
	scratch_symlink(&scratch, "directory", "a");
	scratch_node(&scratch, "a/fifo", S_IFIFO | 0600, 0);
	cr_assert_eq(close(tree_file_open(scratch.fd, "a/./b/../file")), 0);
	cr_assert_eq(close(tree_file_open(scratch.fd, "a/b/link")), 0);
	cr_assert_eq(tree_file_open(scratch.fd, "../file"), -EINVAL);
	cr_assert_eq(tree_file_open(scratch.fd, "/etc/passwd"), -EINVAL);
	cr_assert_eq(tree_file_open(scratch.fd, "a/out"), -EINVAL);
	cr_assert_eq(tree_file_open(scratch.fd, "a/absolute"), -EINVAL);
	cr_assert_eq(tree_file_open(scratch.fd, "a/self"), -ELOOP);
	cr_assert_eq(tree_file_open(scratch.fd, "a/fifo"), -ESTALE);
	cr_assert_eq(tree_file_open(scratch.fd, "a"), -ESTALE);
	cr_assert_lt(tree_file_open(scratch.fd, "directory/file"), 0);
	cr_assert_eq(tree_file_open(scratch.fd, ""), -EINVAL);
	cr_assert_eq(tree_file_open(scratch.fd, "absent"), -ENOENT);
}
