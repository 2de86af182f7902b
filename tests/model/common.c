/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acl.h"
#include "side.h"
#include "support.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

void outcome_clear(struct outcome *outcome)
{
	free(outcome->data);
	*outcome = (struct outcome){ 0 };
}

void outcome_append(struct outcome *outcome, const void *data, size_t size)
{
	outcome->data = must_reallocate(outcome->data, outcome->size + size + 1);
	memcpy(outcome->data + outcome->size, data, size);
	outcome->size += size;
	outcome->data[outcome->size] = '\0';
}

void outcome_tell(struct outcome *outcome, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		give_up("no memory");
	outcome_append(outcome, text, (size_t)length);
	free(text);
}

void outcome_tell_stat(struct outcome *outcome, const struct snapshot_entry *entry)
{
	bool directory = S_ISDIR(entry->mode);

	/* Of directories only whether they were removed: see same_entry() in compare.c. */
	outcome_tell(outcome, "mode %o links %u owner %u:%u size %zu device %zu", entry->mode,
		     directory ? entry->links > 0 : entry->links, entry->uid, entry->gid,
		     directory ? 0 : (size_t)entry->size, (size_t)entry->rdev);
}

size_t operation_attribute_value(const struct operation *operation, void *value)
{
	struct acl acl;

	if (!attribute_is_acl(operation->attribute)) {
		random_content(operation->content, 0, value, operation->length);
		return operation->length;
	}
	acl = acl_with_user(operation->uid, operation->flags & 7, operation->mode);
	memcpy(value, &acl, sizeof(acl));
	return sizeof(acl);
}

void page_clear(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->names[i]);
	page->count = 0;
}

/* -- listings -- */

struct listed {
	char **lines; /* "NAME" and its type */
	size_t count, capacity;
};

static void listed_add(struct listed *listed, char *line)
{
	if (listed->count == listed->capacity) {
		listed->capacity = listed->capacity * 2 + 64;
		listed->lines = must_reallocate(listed->lines, listed->capacity * sizeof(char *));
	}
	listed->lines[listed->count++] = line;
}

static void listed_clear(struct listed *listed)
{
	for (size_t i = 0; i < listed->count; i++)
		free(listed->lines[i]);
	free(listed->lines);
	*listed = (struct listed){ 0 };
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One page; its length, 0 at the end, or -errno. */
static int read_page(struct side *side, size_t names, struct listed *listed)
{
	struct page page = { .count = 0 };
	int result = side->list_next(side, names, &page);
	int count = (int)page.count;

	for (size_t i = 0; i < page.count; i++) {
		char *line;

		if (asprintf(&line, "%s type %u", page.names[i], page.types[i]) < 0)
			give_up("no memory");
		listed_add(listed, line);
	}
	page_clear(&page);
	return result < 0 ? result : count;
}

/* Changes what is listed, after each page. */
typedef void between_pages(struct side *side, const struct operation *operation, void *context);

static int read_pages(struct side *side, const struct operation *operation, struct listed *listed,
		      between_pages *between, void *context)
{
	int result = side->list_open(side, operation->path);

	if (result < 0)
		return result;
	while ((result = read_page(side, operation->length, listed)) > 0)
		if (between)
			between(side, operation, context);
	side->list_close(side);
	qsort(listed->lines, listed->count, sizeof(char *), compare_lines);
	return result;
}

void side_list(struct side *side, const struct operation *operation, struct outcome *outcome)
{
	struct listed listed = { 0 };

	outcome->result = read_pages(side, operation, &listed, NULL, NULL);
	for (size_t i = 0; i < listed.count; i++)
		outcome_tell(outcome, "%s\n", listed.lines[i]);
	listed_clear(&listed);
}

/* Files that go away while the directory is read: some of those that were there at first. */
struct victims {
	struct listed present;
	size_t next;
	unsigned made; /* files that came */
};

static bool is_victim(const struct operation *operation, const char *line)
{
	size_t length = strlen(line);
	char type[16];

	(void)snprintf(type, sizeof(type), " type %u", DT_REG);
	return length > strlen(type) && strcmp(line + length - strlen(type), type) == 0 &&
	       (operation->content >> (length % 16) & 1);
}

static void apply_silently(struct side *side, struct operation *operation, const char *directory,
			   const char *name, size_t length)
{
	struct outcome outcome = { 0 };

	(void)snprintf(operation->path, sizeof(operation->path), "%s%s%.*s", directory,
		       *directory ? "/" : "", (int)length, name);
	side->apply(side, operation, &outcome);
	outcome_clear(&outcome);
}

#define NEW_FILES 3

static void make_one(struct side *side, const struct operation *operation, unsigned number)
{
	struct operation change = { .kind = OPERATION_MAKE, .mode = S_IFREG | 0644, .umask = 022 };
	char name[32];

	(void)snprintf(name, sizeof(name), "new-%08x-%u", (unsigned)operation->content, number);
	apply_silently(side, &change, operation->path, name, strlen(name));
}

static void change_between(struct side *side, const struct operation *operation, void *context)
{
	struct victims *victims = context;
	struct operation change = { .kind = OPERATION_UNLINK };

	if (victims->made < NEW_FILES)
		make_one(side, operation, victims->made++);
	for (unsigned i = 0; i < 2 && victims->next < victims->present.count; victims->next++) {
		const char *line = victims->present.lines[victims->next];

		if (!is_victim(operation, line))
			continue;
		apply_silently(side, &change, operation->path, line,
			       strlen(line) - strlen(" type 0"));
		i++;
	}
}

static size_t occurrences(const struct listed *listed, const char *line)
{
	size_t count = 0;

	for (size_t i = 0; i < listed->count; i++)
		count += strcmp(listed->lines[i], line) == 0;
	return count;
}

/* What stays is seen exactly once, and nothing twice. */
static void judge_listing(const struct operation *operation, const struct listed *present,
			  const struct listed *seen, struct outcome *outcome)
{
	for (size_t i = 0; i < present->count; i++) {
		const char *line = present->lines[i];

		if (!is_victim(operation, line) && occurrences(seen, line) != 1)
			outcome_tell(outcome, "%s: %zu times\n", line, occurrences(seen, line));
	}
	for (size_t i = 0; i < seen->count; i++)
		if (occurrences(seen, seen->lines[i]) > 1)
			outcome_tell(outcome, "%s: more than once\n", seen->lines[i]);
}

/*
 * Whatever comes and goes while a directory is read: a union is held to what it promises by itself, as
 * it may order names as it likes; those that came or went are not compared.
 */
void side_list_changing(struct side *side, const struct operation *operation,
			struct outcome *outcome)
{
	struct victims victims = { 0 };
	struct listed seen = { 0 };

	outcome->result = read_pages(side, operation, &victims.present, NULL, NULL);
	if (outcome->result == 0)
		outcome->result = read_pages(side, operation, &seen, change_between, &victims);
	/* One side may have had fewer pages: both are to end the same. */
	while (outcome->result == 0 &&
	       (victims.made < NEW_FILES || victims.next < victims.present.count))
		change_between(side, operation, &victims);
	if (outcome->result == 0 && !side->lists_loosely)
		judge_listing(operation, &victims.present, &seen, outcome);
	listed_clear(&victims.present);
	listed_clear(&seen);
}
