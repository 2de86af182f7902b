/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/operand.h"

#include "base/cleanup.h"
#include "cli/explore/usage.h"
#include "cli/explore/view.h"
#include "cli/interrupt.h"
#include "cli/say.h"

static bool take_option(void *context, int letter, const char *value)
{
	struct explore_operand *operand = context;

	(void)letter;
	operand->wanted = value;
	return true;
}

/* A status. */
static int use_image(struct explore_operand *operand, const char *path)
{
	struct mount_options *options = &operand->look.stack.options;
	struct string_list *layers = &operand->image.layers;
	struct problem problem;
	int error = explore_view_check(&problem);

	interrupt_catch();
	if (!error)
		error = explore_image_open(&operand->image, path, operand->wanted, &problem);
	if (error) {
		if (!interrupt_came())
			say("%s", problem.text);
		return STATUS_FAILED;
	}
	options->lowers = *layers;
	*layers = STRING_LIST_INIT;
	if (explore_image_has_attributes())
		options->ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
	operand->is_image = true;
	return STATUS_OK;
}

/* An image or layers. A status. */
static int find(struct explore_operand *operand, int argc, char **argv)
{
	bool is_missing = stack_argument_is_missing(&operand->look.stack);
	cleanup_free char *path =
		is_missing && optind < argc ? explore_image_path(argv[optind]) : NULL;
	int status;

	if (!path && operand->wanted) {
		say("--image chooses one of the images in an archive, and this is none; see cowfs "
		    "explore --help");
		return STATUS_USAGE;
	}
	status = path ? STATUS_OK : look_find(&operand->look, argc, argv);
	optind += path != NULL;
	if (status == STATUS_OK && optind < argc) {
		say("one operand too many: %s; see cowfs explore --help", argv[optind]);
		return STATUS_USAGE;
	}
	return path ? use_image(operand, path) : status;
}

int explore_operand_read(struct explore_operand *operand, int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_STACK_OPTIONS,
		{ "image", required_argument, NULL, LOOK_OTHER },
		{ 0 },
	};
	int status = look_parse(&operand->look, argc, argv, ":ho:", options, usage, take_option,
				operand);

	return status == STATUS_OK ? find(operand, argc, argv) : status;
}

void explore_operand_close(struct explore_operand *operand)
{
	look_close(&operand->look);
	explore_image_close(&operand->image);
}
