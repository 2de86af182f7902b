/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/user.h"

#include "base/cleanup.h"
#include "container/number.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A passwd file of a large company has some megabytes. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define GROUPS_MAX 65536

/* All bits set would mean "leave it as it is" to setresuid(2). */
static int read_id(const char *text, uint32_t *ret_id)
{
	uint32_t id;

	if (number_read_u32(text, &id) < 0 || id == UINT32_MAX)
		return -EINVAL;
	*ret_id = id;
	return 0;
}

/* Cuts the first `count` fields of a line NAME:X:NUMBER:... apart; false when it has fewer. */
static bool split(char *line, char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fields[i] = strsep(&line, ":");
		if (!fields[i])
			return false;
	}
	return true;
}

/* -- /etc/passwd: NAME:X:UID:GID:GECOS:HOME:SHELL -- */

struct passwd_search {
	const char *name; /* NULL: by number */
	uint32_t uid, gid;
	char *user_name, *home; /* within the file's text */
};

static bool find_passwd(char *text, struct passwd_search *search)
{
	char *line, *fields[6];

	while ((line = strsep(&text, "\n"))) {
		uint32_t uid, gid;

		if (!split(line, fields, 6) || read_id(fields[2], &uid) < 0 ||
		    read_id(fields[3], &gid) < 0)
			continue;
		if (search->name ? strcmp(fields[0], search->name) != 0 : uid != search->uid)
			continue;
		search->uid = uid;
		search->gid = gid;
		search->user_name = fields[0];
		search->home = fields[5];
		return true;
	}
	return false;
}

/* -- /etc/group: NAME:X:GID:MEMBER,MEMBER -- */

static bool is_member(char *members, const char *name)
{
	char *member;

	while ((member = strsep(&members, ",")))
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static int add_group(struct user *user, gid_t gid)
{
	gid_t *groups;

	if (gid == user->gid || user->group_count >= GROUPS_MAX)
		return 0;
	groups = reallocarray(user->groups, user->group_count + 1, sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	groups[user->group_count++] = gid;
	user->groups = groups;
	return 0;
}

static int add_memberships(char *text, const char *name, struct user *user)
{
	char *line, *fields[4];
	uint32_t gid;
	int error = 0;

	while (!error && (line = strsep(&text, "\n")))
		if (split(line, fields, 4) && read_id(fields[2], &gid) == 0 &&
		    is_member(fields[3], name))
			error = add_group(user, gid);
	return error;
}

static bool find_group(char *text, const char *name, uint32_t *ret_gid)
{
	char *line, *fields[3];

	while ((line = strsep(&text, "\n")))
		if (split(line, fields, 3) && strcmp(fields[0], name) == 0 &&
		    read_id(fields[2], ret_gid) == 0)
			return true;
	return false;
}

/* -- both -- */

/* A missing file is an empty one. */
static int read_file(int root, const char *path, char **ret_text, struct problem *problem)
{
	ssize_t length = in_root_read(root, path, FILE_MAX, ret_text);

	if (length == -ENOENT || length == -ENOTDIR || length == -ELOOP) {
		*ret_text = strdup("");
		length = *ret_text ? 0 : -ENOMEM;
	}
	if (length == -ESTALE)
		return problem_set(problem, -ESTALE, "%s in the container is no regular file",
				   path);
	if (length < 0)
		return problem_set(problem, (int)length, "%s in the container: %s", path,
				   strerror((int)-length));
	return 0;
}

/* Fills all but the group that was asked for. */
static int find_user(int root, const char *name, bool with_groups, struct user *user,
		     struct problem *problem)
{
	cleanup_free char *passwd = NULL;
	cleanup_free char *group = NULL;
	struct passwd_search search = { .name = name };
	int error = read_file(root, "/etc/passwd", &passwd, problem);
	bool found;

	if (error)
		return error;
	if (read_id(name, &search.uid) == 0)
		search.name = NULL;
	found = find_passwd(passwd, &search);
	if (!found && search.name)
		return problem_set(problem, -ENOENT,
				   "user %s is not in the container's /etc/passwd", name);
	user->uid = search.uid;
	user->gid = search.gid;
	user->home = strdup(found && search.home[0] == '/' ? search.home : "/");
	if (!user->home)
		return -ENOMEM;
	if (!found || !with_groups)
		return 0;
	error = read_file(root, "/etc/group", &group, problem);
	return error ? error : add_memberships(group, search.user_name, user);
}

static int set_group(int root, const char *name, struct user *user, struct problem *problem)
{
	cleanup_free char *text = NULL;
	uint32_t gid = 0;
	int error = 0;

	if (read_id(name, &gid) < 0) {
		error = read_file(root, "/etc/group", &text, problem);
		if (!error && !find_group(text, name, &gid))
			error = problem_set(problem, -ENOENT,
					    "group %s is not in the container's /etc/group", name);
	}
	if (!error)
		user->gid = gid;
	return error;
}

int user_find(int root, const char *text, struct user *ret_user, struct problem *problem)
{
	cleanup_free char *copy = strdup(text && text[0] ? text : "0");
	struct user user = { 0 };
	char *group = copy, *name;
	int error;

	if (!copy)
		return problem_set(problem, -ENOMEM, "out of memory");
	name = strsep(&group, ":");
	error = find_user(root, name[0] ? name : "0", !group, &user, problem);
	if (!error && group && group[0])
		error = set_group(root, group, &user, problem);
	if (error) {
		user_free(&user);
		return error;
	}
	*ret_user = user;
	return 0;
}

void user_free(struct user *user)
{
	free(steal_pointer(&user->groups));
	free(steal_pointer(&user->home));
}
