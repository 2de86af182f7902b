/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plugins of the Container Network Interface, version 0.4.0 of its specification (SPEC.md of containernetworking/cni): programs
 * that get a JSON document on their standard input and parameters in their environment, and answer with another document.
 */
#pragma once

#include "base/json.h"
#include "base/problem.h"

#include <stdbool.h>

#define CNI_VERSION "0.4.0"

struct cni_call {
	const char *plugin;    /* its name, and the type of network */
	const char *command;   /* ADD or DEL */
	const char *container; /* an id */
	const char *namespace; /* a path; "": it is gone, which DEL can do with */
	json_object *network;  /* the configuration; remains the caller's */
};

/* Whether there is a plugin of this name in one of the directories of $CNI_PATH, else of the usual ones. */
bool cni_has(const char *plugin);

/*
 * Runs it. *ret_result is what it answered, owned by the caller; NULL for none, as to DEL. 0; -ENOENT: there is no such plugin;
 * or another -errno, each with a problem.
 */
int cni_run(const struct cni_call *call, json_object **ret_result, struct problem *problem);
