/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store as the runtime uses it: committing, holding, removing what is in use. */
#include "image/layers.h"
#include "image/make.h"
#include "image/unpack.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static struct scratch scratch;
static struct place place;
static struct image_store store;
static struct problem problem;

static const char *path_of(const char *name)
{
	static char paths[4][1024];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", scratch.path, name);
	return path;
}

static void set_up(void)
{
	scratch = scratch_make();
	need_root(&scratch);
	scratch_dir(&scratch, "base");
	scratch_dir(&scratch, "base/etc");
	scratch_file(&scratch, "base/etc/hosts", "theirs");
	scratch_file(&scratch, "base/file", "base");
	scratch_file(&scratch, "base/gone", "base");
	scratch_dir(&scratch, "upper");
	cr_assert_eq(place_open(path_of("data"), &place, &problem), 0, "%s", problem.text);
	cr_assert_eq(image_store_open(&place, &store, &problem), 0, "%s", problem.text);
}

static void tear_down(void)
{
	image_store_close(&store);
	place_close(&place);
	scratch_remove(&scratch);
}

TestSuite(image_store, .init = set_up, .fini = tear_down, .timeout = 300);

static struct image_recipe recipe_named(const char *name)
{
	struct image_recipe recipe = { .created = "2020-01-01T00:00:00Z", .created_by = "a test" };

	cr_assert_eq(string_list_add(&recipe.names, name), 0);
	return recipe;
}

static void recipe_free(struct image_recipe *recipe)
{
	string_list_free(&recipe->names);
	string_list_free(&recipe->changes);
}

static struct digest import(const char *name)
{
	struct image_recipe recipe = recipe_named(name);
	struct digest id = { "" };

	cr_assert_eq(string_list_add(&recipe.changes, "ENV A=1"), 0);
	cr_assert_eq(image_import_directory(&store, path_of("base"), &recipe, &id, &problem), 0,
		     "%s", problem.text);
	recipe_free(&recipe);
	return id;
}

static struct digest commit(const char *parent, const char *name, const char *change)
{
	static const char *const excluded[] = { "etc/hosts" };
	const struct image_changes changes = {
		.parent = parent,
		.upper = path_of("upper"),
		.excluded = excluded,
		.excluded_count = 1,
	};
	struct image_recipe recipe = recipe_named(name);
	struct digest id = { "" };

	if (change)
		cr_assert_eq(string_list_add(&recipe.changes, change), 0);
	cr_assert_eq(image_commit(&store, &changes, "the container", &recipe, &id, &problem), 0,
		     "%s", problem.text);
	recipe_free(&recipe);
	return id;
}

static struct image open_image(const char *name)
{
	struct image image = IMAGE_INIT;

	cr_assert_eq(image_open(&store, name, &image, &problem), 0, "%s", problem.text);
	return image;
}

static bool layer_has(const struct digest *diff_id, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "data/images/layers/%s/root/%s", diff_id->hex, name);
	return scratch_exists(&scratch, path);
}

Test(image_store, commit)
{
	struct digest first, second;
	struct image image;

	(void)import("localhost/base:latest");
	scratch_file(&scratch, "upper/new", "new");
	scratch_file(&scratch, "upper/.wh.gone", "");
	scratch_dir(&scratch, "upper/etc");
	scratch_file(&scratch, "upper/etc/hosts", "ours");
	scratch_file(&scratch, "upper/etc/motd", "ours");
	first = commit("base", "localhost/new:latest", "CMD [\"x\"]");
	image = open_image("new");
	cr_assert(digest_equal(&image.id, &first));
	cr_assert_eq(image.config.diff_id_count, 2);
	cr_assert_eq(image.config.history_count, 2);
	cr_assert_str_eq(image.config.environment.strings[0], "A=1");
	cr_assert_str_eq(image.config.command.strings[0], "x");
	cr_assert(layer_has(&image.config.diff_ids[1], "new"));
	cr_assert(layer_has(&image.config.diff_ids[1], ".wh.gone"));
	cr_assert(layer_has(&image.config.diff_ids[1], "etc/motd"));
	cr_assert_not(layer_has(&image.config.diff_ids[1], "etc/hosts"));
	image_close(&image);
	second = commit("base", "localhost/again:latest", "CMD [\"x\"]");
	cr_assert(digest_equal(&first, &second));
}

/* What changes nothing is a step without a layer. */
Test(image_store, commit_of_nothing)
{
	struct image image;

	(void)import("localhost/base:latest");
	(void)commit("base", "localhost/new:latest", "USER web");
	image = open_image("new");
	cr_assert_eq(image.config.diff_id_count, 1);
	cr_assert_eq(image.config.history_count, 2);
	cr_assert(image.config.history[1].empty_layer);
	cr_assert_str_eq(image.config.user, "web");
	image_close(&image);
}

Test(image_store, layers_topmost_first)
{
	struct string_list paths = STRING_LIST_INIT;
	struct image image;

	(void)import("localhost/base:latest");
	scratch_file(&scratch, "upper/new", "new");
	(void)commit("base", "localhost/new:latest", NULL);
	image = open_image("localhost/new");
	cr_assert_eq(image_layers(&store, &image, &paths, &problem), 0, "%s", problem.text);
	cr_assert_eq(paths.count, 2);
	cr_assert(strstr(paths.strings[0], image.config.diff_ids[1].hex));
	cr_assert(strstr(paths.strings[1], image.config.diff_ids[0].hex));
	cr_assert_eq(access(paths.strings[1], R_OK), 0);
	cr_assert_geq(image_size(&store, &image), 3 + 4 + 4 + 6);
	string_list_free(&paths);
	image_close(&image);
}

/* They are but what the blobs say. */
Test(image_store, layers_come_back)
{
	struct string_list paths = STRING_LIST_INIT;
	char path[512];
	struct image image;

	(void)import("localhost/base:latest");
	image = open_image("base");
	(void)snprintf(path, sizeof(path), "data/images/layers/%s", image.config.diff_ids[0].hex);
	cr_assert_eq(rename(path_of(path), path_of("elsewhere")), 0);
	cr_assert_eq(image_layers(&store, &image, &paths, &problem), -ENOENT);
	cr_assert_eq(image_unpack_missing(&store, &image, &problem), 0, "%s", problem.text);
	cr_assert_eq(image_layers(&store, &image, &paths, &problem), 0, "%s", problem.text);
	cr_assert(layer_has(&image.config.diff_ids[0], "file"));
	string_list_free(&paths);
	image_close(&image);
}

static int two_users(void *context, const struct digest *id, struct string_list *users,
		     struct problem *unused)
{
	(void)unused;
	*(struct digest *)context = *id;
	return string_list_add(users, "one") < 0 ? -ENOMEM : string_list_add(users, "two");
}

Test(image_store, in_use)
{
	struct image_removal removal = { 0 };
	struct digest asked = { "" };
	const struct digest id = import("localhost/base:latest");
	struct image image;

	cr_assert_eq(image_remove(&store, "base", false, two_users, &asked, &removal, &problem),
		     -EBUSY);
	cr_assert(strstr(problem.text, "one, two"));
	cr_assert(digest_equal(&asked, &id));
	/* With force it stays, without a name. */
	cr_assert_eq(image_remove(&store, "base", true, two_users, &asked, &removal, &problem), 0);
	cr_assert_eq(removal.untagged.count, 1);
	cr_assert_eq(removal.deleted.count, 0);
	image_removal_free(&removal);
	image = open_image(id.hex);
	cr_assert_null(image.reference);
	image_close(&image);
	cr_assert_eq(image_remove(&store, id.hex, false, NULL, NULL, &removal, &problem), 0);
	cr_assert_eq(removal.deleted.count, 1);
	image_removal_free(&removal);
	cr_assert_eq(image_open(&store, id.hex, &image, &problem), -ENOENT);
}

/* While somebody holds an image, nobody changes the index. */
Test(image_store, holding)
{
	struct image image;
	int lock;

	(void)import("localhost/base:latest");
	lock = open(path_of("data/images/index.lock"), O_RDONLY);
	cr_assert_geq(lock, 0);
	image = open_image("base");
	cr_assert_eq(flock(lock, LOCK_EX | LOCK_NB), -1);
	image_close(&image);
	cr_assert_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	(void)close(lock);
}

/* What nobody listed goes with the next command that adds, unless somebody adds at the time. */
Test(image_store, garbage)
{
	struct image_store other;

	(void)import("localhost/base:latest");
	scratch_file(&scratch, "data/images/work/file-0", "x");
	scratch_dir(&scratch, "data/images/work/layer-0");
	scratch_file(&scratch, "data/images/blobs/sha256/0", "x");
	scratch_dir(&scratch, "data/images/layers/0");
	cr_assert_eq(image_store_open(&place, &other, &problem), 0);
	cr_assert_eq(image_store_begin(&other, &problem), 0);
	cr_assert_not(scratch_exists(&scratch, "data/images/work/file-0"));
	cr_assert_not(scratch_exists(&scratch, "data/images/work/layer-0"));
	cr_assert_not(scratch_exists(&scratch, "data/images/blobs/sha256/0"));
	cr_assert_not(scratch_exists(&scratch, "data/images/layers/0"));
	scratch_file(&scratch, "data/images/work/file-0", "being written");
	cr_assert_eq(image_store_begin(&store, &problem), 0);
	cr_assert(scratch_exists(&scratch, "data/images/work/file-0"));
	image_store_end(&store);
	image_store_close(&other);
}
