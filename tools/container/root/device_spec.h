/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --device, as docker has it: HOST[:CONTAINER][:ACCESS], where ACCESS are some of the letters r, w and m. */
#pragma once

#include <limits.h>

struct device_spec {
	char host[PATH_MAX], inside[PATH_MAX];
	unsigned access; /* of enum device_access; all when nothing is said */
};

/* 0, or -EINVAL when it has not that form. */
int device_spec_read(const char *text, struct device_spec *ret_spec);
