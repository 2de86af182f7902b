/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/check/check.h"

#include "base/cleanup.h"
#include "union/check/checking.h"
#include "union/copy_up/origin.h"
#include "union/fs.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *text;
} kinds[CHECK_KINDS] = {
	[CHECK_WHITEOUT_OF_NOTHING] = { "whiteout-of-nothing", "a whiteout that hides nothing" },
	[CHECK_WHITEOUT_BESIDE_NAME] = { "whiteout-beside-name",
					 "a whiteout of a name that stands beside it" },
	[CHECK_WHITEOUT_INVALID] = { "whiteout-invalid", "a whiteout of what can be no name" },
	[CHECK_WHITEOUT_UNREAD] = { "whiteout-unread",
				    "marked as a whiteout where nobody reads such marks, so a "
				    "file is seen" },
	[CHECK_OPAQUE_UNREAD] = { "opaque-unread",
				  "marked as opaque in a way that nobody reads, so lower layers "
				  "show through" },
	[CHECK_MARKER_UNKNOWN] = { "marker-unknown", "a reserved name that means nothing to us" },
	[CHECK_PROBE] = { "probe", "left over from mounting" },
	[CHECK_FOREIGN_REDIRECT] = { "foreign-redirect",
				     "renamed by the kernel's overlayfs, whose redirects are not "
				     "followed here" },
	[CHECK_FOREIGN_METACOPY] = { "foreign-metacopy",
				     "copied up by the kernel's overlayfs without its data" },
	[CHECK_REDIRECT_INVALID] = { "redirect-invalid", "a redirect that can lead nowhere" },
	[CHECK_REDIRECT_DANGLING] = { "redirect-dangling",
				      "a redirect to what the lower layers do not have" },
	[CHECK_REDIRECT_UNREAD] = { "redirect-unread",
				    "a redirect in a layer without .wh..wh.cowfs, where nobody "
				    "follows it" },
	[CHECK_ORIGIN_INVALID] = { "origin-invalid", "an origin that makes no sense" },
	[CHECK_ORIGIN_TWICE] = { "origin-twice",
				 "says it is a copy of the same lower file as another, so both "
				 "show one inode number" },
	[CHECK_LINK_NOT_IN_INDEX] = { "link-not-in-index",
				      "a copy of a file with several names, which the hard-link "
				      "index does not know: the others show the old content" },
	[CHECK_INDEX_WITHOUT_NAMES] = { "index-without-names",
					"a copy in the hard-link index that no name leads to" },
	[CHECK_INDEX_WITHOUT_COUNTS] = { "index-without-counts",
					 "a copy in the hard-link index whose links are not "
					 "counted" },
	[CHECK_INDEX_COUNTS_STALE] = { "index-counts-stale",
				       "counts links of a file that is no more" },
	[CHECK_INDEX_ORIGIN_STALE] = { "index-origin-stale",
				       "an origin of a file that is no more" },
	[CHECK_UNSYNCED_COPY] = { "unsynced-copy",
				  "marks a copy whose data may not have reached the disk before a "
				  "crash" },
	[CHECK_UNSYNCED_STALE] = { "unsynced-stale", "marks a copy that is no more" },
	[CHECK_WORK_LEFT] = { "work-left", "left over from unfinished work" },
	[CHECK_STATE_UNKNOWN] = { "state-unknown", "not of the state that is kept here" },
	[CHECK_UNREADABLE] = { "unreadable", "cannot be read" },
};

const char *check_kind_name(enum check_kind kind)
{
	return kinds[kind].name;
}

const char *check_kind_text(enum check_kind kind)
{
	return kinds[kind].text;
}

/* -- findings -- */

void *check_grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0) /* full at powers of two */
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

struct finding *check_add(struct check *check, enum check_kind kind, enum check_place place,
			  struct layer_dir *dir, const char *name)
{
	struct finding *grown =
		check_grow(check->findings, check->finding_count, sizeof(*check->findings));
	char *copy = strdup(name);
	struct finding *finding;

	check->findings = grown ? grown : check->findings;
	if (!grown || !copy) {
		free(copy);
		return NULL;
	}
	finding = &check->findings[check->finding_count++];
	*finding = (struct finding){
		.kind = kind,
		.place = place,
		.dir = dir ? layer_dir_ref(dir) : NULL,
		.name = copy,
	};
	return finding;
}

int check_add_left(struct check *check, enum check_kind kind, enum check_place place,
		   struct layer_dir *dir, const char *name, const char *why)
{
	struct finding *finding = check_add(check, kind, place, dir, name);

	if (!finding)
		return -ENOMEM;
	finding->state = CHECK_LEFT;
	finding->why = why;
	return 0;
}

int check_place_fd(const struct check *check, enum check_place place)
{
	const struct union_fs *fs = check->fs;

	switch (place) {
	case PLACE_STATE:
		return fs->work.state_fd;
	case PLACE_WORK:
		return fs->work.fd;
	case PLACE_INDEX:
		return fs->work.index_fd;
	case PLACE_UNSYNCED:
		return fs->unsynced.fd;
	default:
		return -1;
	}
}

static int path_of(const struct check *check, const struct finding *finding, struct buffer *path)
{
	static const char *const places[PLACES] = { [PLACE_STATE] = "",
						    [PLACE_WORK] = "work/",
						    [PLACE_INDEX] = "index/",
						    [PLACE_UNSYNCED] = "unsynced/" };
	const char *workdir = check->fs->work.path;
	int error;

	if (finding->place != PLACE_TREE)
		return buffer_append_format(path, "%s/%s%s",
					    workdir ? workdir : "/" STATE_DIRECTORY,
					    places[finding->place], finding->name);
	error = layer_dir_path(finding->dir, path);
	if (error || !finding->name[0])
		return error;
	return buffer_append_format(path, "%s%s", path->length > 1 ? "/" : "", finding->name);
}

static int tell(const struct check *check, check_function *function, void *context)
{
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int error = 0;

	for (size_t i = 0; !error && i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];

		buffer_clear(&path);
		error = path_of(check, finding, &path);
		if (!error)
			function(context, &(struct check_finding){
						  .kind = finding->kind,
						  .state = finding->state,
						  .path = buffer_string(&path),
						  .why = finding->why,
					  });
	}
	return error;
}

/* -- are these the lower layers that it was made on? -- */

static bool is_in_stack(const struct union_fs *fs, uint64_t layer_id)
{
	for (unsigned i = 0; i < fs->layer_count; i++)
		if (fs->layers[i]->id == layer_id)
			return true;
	return false;
}

/* Copies of files from elsewhere tell that it was not, or that the layers have been copied since. */
static void doubt_lowers(struct check *check)
{
	bool are_others = false;

	for (size_t i = 0; !are_others && i < check->claim_count; i++)
		are_others = !is_in_stack(check->fs, check->claims[i].layer_id);
	for (size_t i = 0; are_others && i < check->finding_count; i++) {
		struct finding *finding = &check->findings[i];

		if (!finding->relies_on_lowers || finding->state != CHECK_REPAIRABLE)
			continue;
		finding->state = CHECK_LEFT;
		finding->why = "it was made on other lower layers than those given";
	}
}

/* -- all of it -- */

static int open_union(const struct check_options *options, struct union_fs **ret_fs,
		      struct problem *problem)
{
	const struct union_options union_options = {
		.lowers = options->lowers,
		.lower_count = options->lower_count,
		.upper = options->layer,
		.workdir = options->workdir,
		.only_look = true,
	};
	struct problem warning = { .text = "" };
	int error = union_open(&union_options, ret_fs, problem, &warning);

	if (!error)
		error = work_lock(&(*ret_fs)->work, (*ret_fs)->layers[0], problem);
	return error;
}

static int look(struct check *check)
{
	int error = check_read_state(check);

	if (!error)
		error = check_read_tree(check);
	if (!error)
		error = check_judge_links(check);
	if (!error)
		error = check_judge_numbers(check);
	if (!error)
		doubt_lowers(check);
	return error;
}

static void free_numbered(struct numbered_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
}

static void release(struct check *check)
{
	for (size_t i = 0; i < check->finding_count; i++) {
		layer_dir_unref(check->findings[i].dir);
		free(check->findings[i].name);
	}
	for (size_t i = 0; i < check->claim_count; i++) {
		layer_dir_unref(check->claims[i].dir);
		free(check->claims[i].name);
	}
	free(check->findings);
	free(check->claims);
	free(check->records);
	free_numbered(&check->origins);
	free_numbered(&check->marks);
	union_close(check->fs);
}

int check_layer(const struct check_options *options, check_function *function, void *context,
		struct problem *problem)
{
	struct check check = { .has_lowers = options->lower_count > 0 };
	int error = open_union(options, &check.fs, problem);

	if (!error) {
		error = look(&check);
		if (error)
			(void)problem_set(problem, error, "%s: cannot be checked: %s",
					  options->layer, strerror(-error));
	}
	if (!error && options->repair)
		error = check_repair(&check, problem);
	if (!error && tell(&check, function, context) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	release(&check);
	return error;
}
