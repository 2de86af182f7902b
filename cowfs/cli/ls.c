/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs ls: what a directory of a stack holds, without a mount. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/entry_text.h"
#include "cli/look.h"
#include "cli/say.h"
#include "union/look/difference.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"Usage: cowfs ls [OPTIONS] STACK [PATH...]\n"
	"       cowfs ls [OPTIONS] --layers LAYER[:LAYER...] [PATH...]\n"
	"\n"
	"Lists directories of a union without mounting it. STACK is a mounted union, a path in one, or\n"
	"LAYER[:LAYER...]; PATH is one in it. Owners and groups are numbers: names would be this\n"
	"machine's, not the union's.\n"
	"\n"
	"  -l, --long         layer, mode, links, owner, group, size and time as well\n"
	"  -d, --directory    directories themselves, not what is in them\n"
	"      --json         as JSON, for programs\n"
	"  -0, --null         only the names, each ended by a zero byte\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --no-color\n"
	"      --help, --version\n";

struct ls {
	struct look look;
	bool is_long, itself;
	json_object *entries;
};

static bool take(void *context, int letter, const char *value)
{
	struct ls *ls = context;

	(void)value;
	if (letter == 'l')
		ls->is_long = true;
	else
		ls->itself = true;
	return true;
}

/* path is that of the entry for programs, name for people. */
static int print(struct ls *ls, const struct entry_columns *columns, const char *path,
		 const char *name, const struct union_entry *entry)
{
	if (ls->look.as_json)
		return json_append(ls->entries, entry_json(ls->look.fs, path, entry));
	if (ls->look.ends_with_zero) {
		(void)fwrite(name, 1, strlen(name) + 1, stdout);
		return 0;
	}
	if (ls->is_long)
		entry_print_columns(columns, entry);
	look_print_name(&ls->look, look_color_of(entry->attributes.mode), name);
	if (ls->is_long)
		entry_print_target(&ls->look, entry);
	(void)putchar('\n');
	return 0;
}

static int print_directory(struct ls *ls, const char *path, const struct difference_list *list)
{
	struct entry_columns columns = { 0 };
	int result = 0;

	for (size_t i = 0; i < list->count; i++)
		entry_columns_widen(&columns, &list->items[i].with);
	for (size_t i = 0; i < list->count && result == 0; i++) {
		cleanup_buffer struct buffer whole = BUFFER_INIT;
		const struct difference_item *item = &list->items[i];

		result = buffer_append_format(&whole, "%s/%s", path[1] ? path : "", item->name);
		if (result == 0)
			result =
				print(ls, &columns, buffer_string(&whole), item->name, &item->with);
	}
	return result;
}

static int list_directory(struct ls *ls, const char *path, struct inode *dir)
{
	const struct difference all = { .with = ls->look.fs };
	struct difference_list list;
	int result = difference_read(&all, dir, NULL, &list);

	if (result < 0)
		return result;
	result = print_directory(ls, path, &list);
	difference_list_free(&all, &list);
	return result;
}

static int list_entry(struct ls *ls, const char *path, const char *name,
		      const struct union_entry *entry)
{
	struct entry_columns columns = { 0 };

	if (S_ISDIR(entry->attributes.mode) && !ls->itself)
		return list_directory(ls, path, entry->inode);
	entry_columns_widen(&columns, entry);
	return print(ls, &columns, path, name, entry);
}

/* One operand; NULL: the STACK itself. */
static int list(struct ls *ls, const char *operand)
{
	cleanup_free char *path = look_path(&ls->look, operand);
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_entry entry;
	int result = path ? resolve_path(ls->look.fs, path, !ls->is_long, &entry, &found) : -ENOMEM;

	if (result == 0) {
		result = list_entry(ls, buffer_string(&found), look_name(&ls->look, operand),
				    &entry);
		union_forget(ls->look.fs, entry.inode, 1);
	}
	if (result == 0)
		return STATUS_OK;
	say("%s: %s", look_name(&ls->look, operand), strerror(-result));
	return STATUS_FAILED;
}

static int list_all(struct ls *ls, int count, char *const *operands)
{
	bool headed = count > 1 && !ls->look.as_json && !ls->look.ends_with_zero && !ls->itself;
	int status = STATUS_OK;

	if (ls->look.as_json)
		ls->entries = json_object_new_array();
	for (int i = 0; i < (count ? count : 1); i++) {
		if (headed) {
			look_print_name(&ls->look, COLOR_NONE, operands[i]);
			(void)puts(":");
		}
		if (list(ls, count ? operands[i] : NULL) != STATUS_OK)
			status = STATUS_FAILED;
		if (headed && i + 1 < count)
			(void)putchar('\n');
	}
	if (ls->look.as_json && look_print_json(ls->entries) != STATUS_OK)
		status = STATUS_FAILED;
	return look_finish(status);
}

int command_ls(int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_OPTIONS,
		{ "directory", no_argument, NULL, 'd' },
		{ "long", no_argument, NULL, 'l' },
		{ 0 },
	};
	struct ls ls = { 0 };
	int status = look_parse(&ls.look, argc, argv, ":0dhlo:", options, usage, take, &ls);

	if (status == STATUS_OK)
		status = look_open(&ls.look, argc, argv);
	if (status == STATUS_OK)
		status = list_all(&ls, argc - optind, argv + optind);
	look_close(&ls.look);
	return status == LOOK_DONE ? STATUS_OK : status;
}
