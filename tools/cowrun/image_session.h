/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands about images begin and end with. */
#pragma once

#include "cli/progress.h"
#include "cowrun/command.h"
#include "image/store.h"

struct image_session {
	struct place place;
	struct image_store store;
	struct problem problem;
	struct progress line;
	struct image_progress progress;
};

/* Opens the store. The session must stay where it is. False, having said why. */
bool image_session_open(struct image_session *session);
/* Has long work shown on the terminal. */
void image_session_show_progress(struct image_session *session);
/*
 * Ends what is shown, says what was left out, and, when error is not 0, the problem. The exit status;
 * everything that was printed is written out.
 */
int image_session_close(struct image_session *session, int error);
