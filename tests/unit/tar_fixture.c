/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/tar_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512
#define MTIME 1000000000

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[8], uname[32], gname[32], major[8], minor[8], prefix[155], unused[12];
};

static void append(struct buffer *tar, const void *data, size_t size)
{
	cr_assert_eq(buffer_append(tar, data, size), 0);
}

static void pad(struct buffer *tar)
{
	static const char zeros[BLOCK];

	append(tar, zeros, (BLOCK - tar->length % BLOCK) % BLOCK);
}

static void append_header(struct buffer *tar, struct ustar *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	memcpy(header->magic, "ustar\00000", sizeof(header->magic));
	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	(void)snprintf(header->checksum, sizeof(header->checksum), "%06o", sum & 0777777);
	append(tar, header, sizeof(*header));
}

void tar_put(struct buffer *tar, const struct tar_member *member)
{
	size_t size = member->content ? strlen(member->content) : 0;
	struct ustar header = { .type = member->type ? member->type : '0' };

	if (strlen(member->name) > sizeof(header.name))
		tar_put_pax(tar, "path", member->name, strlen(member->name));
	if (member->link && strlen(member->link) > sizeof(header.link))
		tar_put_pax(tar, "linkpath", member->link, strlen(member->link));
	memcpy(header.name, member->name, strnlen(member->name, sizeof(header.name)));
	if (member->link)
		memcpy(header.link, member->link, strnlen(member->link, sizeof(header.link)));
	(void)snprintf(header.mode, sizeof(header.mode), "%07o",
		       (member->mode ? member->mode : 0644) & 07777777);
	(void)snprintf(header.uid, sizeof(header.uid), "%07o", member->uid & 07777777);
	(void)snprintf(header.gid, sizeof(header.gid), "%07o", member->gid & 07777777);
	(void)snprintf(header.size, sizeof(header.size), "%011zo", size & 0777777);
	(void)snprintf(header.mtime, sizeof(header.mtime), "%011lo",
		       (unsigned long)(member->mtime ? member->mtime : MTIME) & 077777777777);
	(void)snprintf(header.major, sizeof(header.major), "%07o", member->major & 07777777);
	(void)snprintf(header.minor, sizeof(header.minor), "%07o", member->minor & 07777777);
	if (member->size)
		memcpy(header.size, member->size, sizeof(header.size));
	append_header(tar, &header);
	if (size > 0)
		append(tar, member->content, size);
	pad(tar);
}

void tar_put_pax(struct buffer *tar, const char *key, const void *value, size_t size)
{
	struct ustar header = { .name = "PaxHeader", .type = 'x' };
	size_t rest = strlen(key) + size + 3, length = rest, digits;
	char number[24];

	/* The length counts its own digits. */
	do {
		digits = (size_t)snprintf(number, sizeof(number), "%zu", length);
		length = rest + digits;
	} while ((size_t)snprintf(number, sizeof(number), "%zu", length) != digits);
	(void)snprintf(header.size, sizeof(header.size), "%011zo", length & 0777777777);
	append_header(tar, &header);
	cr_assert_eq(buffer_append_format(tar, "%s %s=", number, key), 0);
	append(tar, value, size);
	append(tar, "\n", 1);
	pad(tar);
}

void tar_put_end(struct buffer *tar)
{
	static const char zeros[2 * BLOCK];

	append(tar, zeros, sizeof(zeros));
}

/* -- the fixture -- */

struct tar_fixture tar_fixture_make(void)
{
	struct tar_fixture fixture = { .scratch = scratch_make() };

	scratch_dir(&fixture.scratch, "root");
	scratch_file(&fixture.scratch, "outside", "untouched");
	return fixture;
}

void tar_fixture_remove(struct tar_fixture *fixture)
{
	buffer_free(&fixture->tar);
	scratch_remove(&fixture->scratch);
}

struct reading {
	const struct buffer *tar;
	size_t at;
};

static ssize_t read_some(void *context, void *buffer, size_t size)
{
	struct reading *reading = context;
	size_t left = reading->tar->length - reading->at;

	size = size < left ? size : left;
	if (size > 0)
		memcpy(buffer, reading->tar->data + reading->at, size);
	reading->at += size;
	return (ssize_t)size;
}

static void check_outside(const struct scratch *scratch)
{
	struct stat status = scratch_stat(scratch, "outside");

	cr_assert(S_ISREG(status.st_mode));
	cr_assert_eq(status.st_size, (off_t)strlen("untouched"));
	cr_assert_eq(status.st_mode & 07777, 0644);
	cr_assert_eq(status.st_nlink, 1);
}

int tar_fixture_apply_unended(struct tar_fixture *fixture)
{
	struct reading reading = { .tar = &fixture->tar };
	const struct apply_source source = { .read = read_some,
					     .context = &reading,
					     .name = "tar" };
	size_t descriptors = count_descriptors();
	int error;

	(void)snprintf(fixture->target, sizeof(fixture->target), "%s/root", fixture->scratch.path);
	fixture->options.target = fixture->target;
	fixture->problem.text[0] = fixture->warning.text[0] = '\0';
	error = layer_apply(&source, &fixture->options, &fixture->result, &fixture->problem,
			    &fixture->warning);
	cr_assert_eq(error != 0, fixture->problem.text[0] != '\0');
	cr_assert_eq(count_descriptors(), descriptors);
	check_outside(&fixture->scratch);
	return error;
}

int tar_fixture_apply(struct tar_fixture *fixture)
{
	tar_put_end(&fixture->tar);
	return tar_fixture_apply_unended(fixture);
}
