/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs whence: which layer a file comes from, and what hides what. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/look.h"
#include "cli/name_text.h"
#include "cli/say.h"
#include "cli/whence_text.h"
#include "union/look/provenance.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs whence [OPTIONS] PATH...\n"
	"       cowfs whence [OPTIONS] --layers LAYER[:LAYER...] [--upper UPPER] PATH...\n"
	"\n"
	"Tells for each PATH which layer it comes from, every layer that has something under its name,\n"
	"what hides what, whether it was copied up and from where, and its real path in each layer.\n"
	"PATH is one in a mounted union, or, with --layers, one in the union of these. It need not be\n"
	"there: then what deleted it is told.\n"
	"\n"
	"      --json         as JSON, for programs\n"
	"  -0, --null         only the real path of what is shown, ended by a zero byte\n"
	"      --layers LAYER[:LAYER...]  the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --no-color\n"
	"      --help, --version\n";

DEFINE_CLEANUP_FUNCTION(struct provenance *, provenance_free);

struct whence {
	struct look look;
	json_object *answers;
};

static bool same_lists(const struct string_list *a, const struct string_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->strings[i], b->strings[i]) != 0)
			return false;
	return true;
}

/* Whether both are of the same mount; an upper serves only one, and others may be read as one as well. */
static bool same_layers(const struct mount_options *a, const struct mount_options *b)
{
	bool same_upper =
		a->upper && b->upper ? strcmp(a->upper, b->upper) == 0 : !a->upper && !b->upper;

	return same_upper && same_lists(&a->lowers, &b->lowers) &&
	       ownership_is_identity(&a->ownership) && ownership_is_identity(&b->ownership);
}

/* Opens the layers of the mount that the path is in, unless they are those of the path before. */
static int open_mount(struct whence *whence, const char *path)
{
	struct stack_argument stack = { 0 };
	struct problem problem;

	if (stack_argument_find_mount(&stack, path, &problem) < 0) {
		stack_argument_free(&stack);
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (whence->look.fs && !same_layers(&stack.options, &whence->look.stack.options)) {
		union_close(whence->look.fs);
		whence->look.fs = NULL;
	}
	stack_argument_free(&whence->look.stack);
	whence->look.stack = stack;
	return whence->look.fs ? STATUS_OK
			       : stack_argument_open(&whence->look.stack, &whence->look.fs);
}

/* Where the operand is in the union. A status. */
static int find(struct whence *whence, const char *operand, bool in_mount, struct buffer *path)
{
	int result;

	if (in_mount) {
		if (open_mount(whence, operand) != STATUS_OK)
			return STATUS_FAILED;
		result = buffer_append_string(path, whence->look.stack.path);
	} else {
		result = resolve_missing(whence->look.fs, operand, path);
	}
	if (result == 0)
		return STATUS_OK;
	say("%s: %s", operand, strerror(-result));
	return STATUS_FAILED;
}

static int print(struct whence *whence, const char *path, const struct provenance *provenance)
{
	if (whence->look.as_json)
		return json_append(whence->answers, whence_json(whence->look.fs, path, provenance));
	if (whence->look.ends_with_zero)
		(void)fwrite(provenance->real_path, 1, strlen(provenance->real_path) + 1, stdout);
	else
		whence_print(&whence->look, path, provenance);
	return 0;
}

static int tell(struct whence *whence, const char *operand, bool in_mount)
{
	CLEANUP(provenance_free) struct provenance *provenance = NULL;
	cleanup_buffer struct buffer path = BUFFER_INIT;
	int result, status = find(whence, operand, in_mount, &path);

	if (status != STATUS_OK)
		return status;
	result = provenance_of_path(whence->look.fs, buffer_string(&path), &provenance);
	if (result == 0 &&
	    (provenance->count == 0 || (whence->look.ends_with_zero && !provenance->shown)))
		result = -ENOENT;
	if (result == -EINVAL)
		say("%s: names that begin with .wh. are in no union", operand);
	else if (result == -ENOENT)
		say("%s: no layer has it", operand);
	else if (result == 0)
		result = print(whence, buffer_string(&path), provenance);
	else
		say("%s: %s", operand, strerror(-result));
	return result == 0 ? STATUS_OK : STATUS_FAILED;
}

static int tell_all(struct whence *whence, char *const *operands)
{
	bool in_mount = !whence->look.fs;
	int status = STATUS_OK;

	look_decide_color(&whence->look);
	if (whence->look.as_json)
		whence->answers = json_object_new_array();
	for (; *operands; operands++)
		if (tell(whence, *operands, in_mount) != STATUS_OK)
			status = STATUS_FAILED;
	if (whence->look.as_json && look_print_json(whence->answers) != STATUS_OK)
		status = STATUS_FAILED;
	return look_finish(status);
}

int command_whence(int argc, char **argv)
{
	static const struct option options[] = { LOOK_OPTIONS, { 0 } };
	struct whence whence = { 0 };
	int status = look_parse(&whence.look, argc, argv, ":0ho:", options, usage, NULL, NULL);

	if (status == STATUS_OK && optind == argc) {
		say("give a path; see cowfs whence --help");
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK && whence.look.stack.options.upper &&
	    stack_argument_is_missing(&whence.look.stack)) {
		say("--upper needs --layers; see cowfs whence --help");
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK && !stack_argument_is_missing(&whence.look.stack))
		status = look_open(&whence.look, argc, argv);
	if (status == STATUS_OK)
		status = tell_all(&whence, argv + optind);
	look_close(&whence.look);
	return status == LOOK_DONE ? STATUS_OK : status;
}
