/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/image_session.h"

#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>

#define BAR_WIDTH 30
#define MIB (1024.0 * 1024.0)

bool image_session_open(struct image_session *session)
{
	*session = (struct image_session){ .store = IMAGE_STORE_INIT };
	if (!command_open_place(&session->place))
		return false;
	if (image_store_open(&session->place, &session->store, &session->problem) == 0)
		return true;
	(void)command_failed(&session->problem);
	place_close(&session->place);
	return false;
}

static void show(void *context, const char *what, uint64_t done, uint64_t total)
{
	static const char full[BAR_WIDTH + 1] = "##############################";
	struct image_session *session = context;
	int filled;

	if (total == 0) {
		progress_show(&session->line, "%.40s  %.1f MiB", what, (double)done / MIB);
		return;
	}
	if (done > total)
		done = total;
	filled = (int)((double)done / (double)total * BAR_WIDTH);
	progress_show(&session->line, "%.40s  [%.*s%*s] %.1f of %.1f MiB", what, filled, full,
		      BAR_WIDTH - filled, "", (double)done / MIB, (double)total / MIB);
}

static void end(void *context)
{
	struct image_session *session = context;

	progress_end(&session->line);
}

void image_session_show_progress(struct image_session *session)
{
	session->progress.show = show;
	session->progress.end = end;
	session->progress.context = session;
	session->store.progress = &session->progress;
}

int image_session_close(struct image_session *session, int error)
{
	int status = STATUS_OK;

	progress_end(&session->line);
	for (size_t i = 0; i < session->store.warnings.count; i++)
		say("warning: %s", session->store.warnings.strings[i]);
	if (error)
		status = command_failed(&session->problem);
	image_store_close(&session->store);
	place_close(&session->place);
	return command_flush(status);
}
