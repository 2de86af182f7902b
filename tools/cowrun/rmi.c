/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun rmi: names of images away, and images. */
#include "cowrun/image_session.h"
#include "cowrun/image_users.h"

#include <stdio.h>

static const char usage[] =
	"Usage: cowrun rmi [-f] IMAGE...\n"
	"\n"
	"Takes a name from an image, and removes the image with its last name, or at once when its\n"
	"id is given. Layers that no other image has go, too.\n"
	"\n"
	"  -f, --force  all names at once; and the names also of an image that containers use, which\n"
	"               then stays without\n";

struct rmi_options {
	bool force;
};

static const struct option_rule rules[] = {
	{ 'f', "force", OPTION_SWITCH, offsetof(struct rmi_options, force), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static int remove_one(struct image_session *session, const char *name, bool force)
{
	struct image_removal removal = { 0 };
	int error = image_remove(&session->store, name, force, image_users, &session->place,
				 &removal, &session->problem);

	for (size_t i = 0; i < removal.untagged.count; i++)
		(void)printf("Untagged: %s\n", removal.untagged.strings[i]);
	for (size_t i = 0; i < removal.deleted.count; i++)
		(void)printf("Deleted: %s\n", removal.deleted.strings[i]);
	image_removal_free(&removal);
	return error;
}

static int remove_all(int count, char **names, bool force)
{
	struct image_session session;
	int status = STATUS_OK;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	for (int i = 0; i < count; i++)
		if (remove_one(&session, names[i], force) < 0)
			status = command_failed(&session.problem);
	return image_session_close(&session, 0) == STATUS_OK ? status : STATUS_FAILED;
}

int command_rmi(int argc, char **argv)
{
	struct rmi_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 0 ? command_misused(usage)
				    : remove_all(count, argv + 1, options.force);
	return status;
}
