/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of a test's own, reached and removed by descriptor only, so that nothing a test or
 * the union makes in it can lead out of it.
 */
#pragma once

#define SCENE_PATH_MAX 256

struct scene {
	char path[SCENE_PATH_MAX];
	int fd; /* readable */
};

/* Makes one in parent, or ends the program. */
void scene_make(struct scene *scene, const char *parent);
/* Removes it with all that it holds. */
void scene_remove(struct scene *scene);

/* Makes a directory in it; its path from the root in path, and a readable descriptor. */
int scene_directory(const struct scene *scene, const char *name, char path[SCENE_PATH_MAX]);
/* Removes what directory holds. */
void scene_empty(int directory);
