/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/seccomp/cache.h"

#include "base/buffer.h"
#include "base/confined.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SLOTS 64
#define NAME_SIZE 64
/* Its number changes with the format, and with the code that makes programs (seccomp_compile.c). */
#define FORMAT "cowrun seccomp 1"

struct header {
	char format[16]; /* FORMAT */
	uint64_t sum;	 /* of all behind it, to the end of the file */
	uint32_t key_length;
	uint32_t count; /* of instructions */
	uint32_t flags;
	uint32_t unused;
};

_Static_assert(sizeof(FORMAT) - 1 == sizeof(((struct header *)0)->format), "fills its place");
_Static_assert(sizeof(struct header) == 40, "has no holes");

#define SUMMED offsetof(struct header, key_length)

/* -- what a program is made from -- */

/* Together with its length, so that no two things look the same in a row. */
static int append_text(struct buffer *key, const char *text)
{
	uint64_t length = text ? strlen(text) : UINT64_MAX;
	int result = buffer_append(key, &length, sizeof(length));

	return result == 0 && text ? buffer_append_string(key, text) : result;
}

static int append_numbers(struct buffer *key, const uint64_t *numbers, size_t count)
{
	return buffer_append(key, numbers, count * sizeof(*numbers));
}

static int append_rule(struct buffer *key, const struct seccomp_rule *rule)
{
	const uint64_t numbers[] = { rule->action,	rule->error,   rule->condition_count,
				     rule->with,	rule->without, rule->kernel_major,
				     rule->kernel_minor };
	int result = append_numbers(key, numbers, sizeof(numbers) / sizeof(numbers[0]));

	for (size_t i = 0; i < rule->condition_count && result == 0; i++) {
		const struct seccomp_condition *condition = &rule->conditions[i];
		const uint64_t values[] = { condition->argument, condition->op, condition->value,
					    condition->value_two };

		result = append_numbers(key, values, 4);
	}
	if (result == 0)
		result = append_text(key, rule->names);
	if (result == 0)
		result = append_text(key, rule->architectures);
	return result == 0 ? append_text(key, rule->not_architectures) : result;
}

static int make_key(struct buffer *key, const struct seccomp_profile *profile,
		    capability_set capabilities)
{
	const struct scmp_version *library = seccomp_version();
	const uint64_t numbers[] = {
		seccomp_arch_native(),	library->major, library->minor,
		library->micro,		capabilities,	profile->default_action,
		profile->default_error, profile->flags, profile->rule_count,
	};
	struct utsname kernel;
	int result;

	if (uname(&kernel) < 0)
		return -errno;
	result = append_text(key, PACKAGE_VERSION);
	if (result == 0)
		result = append_text(key, kernel.release);
	if (result == 0)
		result = append_numbers(key, numbers, sizeof(numbers) / sizeof(numbers[0]));
	if (result == 0)
		result = append_text(key, profile->architectures);
	for (size_t i = 0; i < profile->rule_count && result == 0; i++)
		result = append_rule(key, &profile->rules[i]);
	return result;
}

/* -- files -- */

static void name_file(const struct buffer *key, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "seccomp-%02u",
		       (unsigned)(hash_bytes(0, key->data, key->length) % SLOTS));
}

static bool is_trusted(const struct stat *status)
{
	return status->st_uid == geteuid() && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* All of a file that is longer than its header, and at most as long as one for this key can be. */
static int read_whole(int directory, const char *name, size_t key_length,
		      struct buffer *ret_content)
{
	const size_t longest =
		sizeof(struct header) + key_length + BPF_MAXINSNS * sizeof(struct sock_filter);
	cleanup_fd int fd = confined_open_regular(directory, name, O_RDONLY);
	struct stat status;
	size_t size;
	int result;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!is_trusted(&status))
		return -EPERM;
	size = (size_t)status.st_size;
	if (size < sizeof(struct header) || size > longest)
		return -EBADMSG;
	result = buffer_reserve(ret_content, size);
	if (result < 0)
		return result;
	if (read(fd, ret_content->data, size) != (ssize_t)size)
		return -EIO;
	ret_content->length = size;
	return 0;
}

static bool is_right(const struct header *header, const struct buffer *content,
		     const struct buffer *key)
{
	const char *behind = content->data + sizeof(*header);
	size_t length = content->length - sizeof(*header);

	return memcmp(header->format, FORMAT, sizeof(header->format)) == 0 &&
	       header->key_length == key->length && header->count > 0 &&
	       header->count <= BPF_MAXINSNS &&
	       length == key->length + header->count * sizeof(struct sock_filter) &&
	       memcmp(behind, key->data, key->length) == 0 &&
	       header->sum == hash_bytes(0, content->data + SUMMED, content->length - SUMMED);
}

static int load_program(int directory, const char *name, const struct buffer *key,
			struct seccomp_program *ret_program)
{
	cleanup_buffer struct buffer content = BUFFER_INIT;
	struct sock_filter *instructions;
	struct header header;
	int result = read_whole(directory, name, key->length, &content);

	if (result < 0)
		return result;
	memcpy(&header, content.data, sizeof(header));
	if (!is_right(&header, &content, key))
		return -EBADMSG;
	instructions = calloc(header.count, sizeof(*instructions));
	if (!instructions)
		return -ENOMEM;
	memcpy(instructions, content.data + sizeof(header) + key->length,
	       header.count * sizeof(*instructions));
	*ret_program = (struct seccomp_program){
		.instructions = instructions,
		.count = (unsigned short)header.count,
		.flags = header.flags,
	};
	return 0;
}

static int append_content(struct buffer *content, const struct buffer *key,
			  const struct seccomp_program *program)
{
	struct header header = {
		.key_length = (uint32_t)key->length,
		.count = program->count,
		.flags = program->flags,
	};
	int result = buffer_append(content, &header, sizeof(header));

	if (result == 0)
		result = buffer_append(content, key->data, key->length);
	if (result == 0)
		result = buffer_append(content, program->instructions,
				       program->count * sizeof(*program->instructions));
	if (result < 0)
		return result;
	memcpy(header.format, FORMAT, sizeof(header.format));
	memcpy(content->data, &header, sizeof(header));
	header.sum = hash_bytes(0, content->data + SUMMED, content->length - SUMMED);
	memcpy(content->data, &header, sizeof(header));
	return 0;
}

/* It appears whole, and after a crash of the machine, which may leave parts of it, its sum is wrong. */
static void store_program(int directory, const char *name, const struct buffer *key,
			  const struct seccomp_program *program)
{
	cleanup_buffer struct buffer content = BUFFER_INIT;
	char temporary[NAME_SIZE + 16];
	cleanup_fd int fd = -1;

	if (append_content(&content, key, program) < 0)
		return;
	(void)snprintf(temporary, sizeof(temporary), "%s.%d", name, getpid());
	/* Of somebody who had our number and was killed. */
	(void)unlinkat(directory, temporary, 0);
	fd = confined_open(directory, temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return;
	if (write(fd, content.data, content.length) != (ssize_t)content.length ||
	    renameat(directory, temporary, directory, name) < 0)
		(void)unlinkat(directory, temporary, 0);
}

int seccomp_program_get(int directory, const struct seccomp_profile *profile,
			capability_set capabilities, struct seccomp_program *ret_program,
			struct problem *problem)
{
	cleanup_buffer struct buffer key = BUFFER_INIT;
	char name[NAME_SIZE];
	int result;

	if (directory < 0 || make_key(&key, profile, capabilities) < 0)
		return seccomp_program_make(profile, capabilities, ret_program, problem);
	name_file(&key, name);
	if (load_program(directory, name, &key, ret_program) == 0)
		return 0;
	result = seccomp_program_make(profile, capabilities, ret_program, problem);
	if (result == 0)
		store_program(directory, name, &key, ret_program);
	return result;
}
