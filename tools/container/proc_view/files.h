/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of proc_view.h, and who serves them. */
#pragma once

#include "container/proc_view/proc_view.h"
#include "container/proc_view/text.h"

struct proc_view_file {
	struct proc_view_target target;
	const char *host; /* what the text is made from; NULL: from nothing */
	proc_view_text *text;
};

#define PROC_VIEW_FILES 8

extern const struct proc_view_file proc_view_files[PROC_VIEW_FILES];

/* Serves the connection fd, of /dev/fuse, until it ends. 0 or -errno. */
int proc_view_serve(int fd, const struct cgroup *group);
