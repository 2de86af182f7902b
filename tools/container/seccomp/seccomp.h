/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which system calls the processes of a container may make.
 *
 * A profile says it in words: our default (seccomp_default.c), or a file in docker's JSON, which is OCI's
 * linux.seccomp with conditions. seccomp_program_make() makes a program for the kernel of it, once it is known
 * which capabilities the container has; seccomp_program_load() gives that to the calling process, by one system
 * call, so that it can be the last thing before exec.
 */
#pragma once

#include "base/cleanup.h"
#include "base/problem.h"
#include "container/process/capabilities.h"

#include <json-c/json.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum seccomp_action {
	SECCOMP_ALLOW,
	SECCOMP_ERRNO, /* fails with an error number */
	SECCOMP_KILL_THREAD,
	SECCOMP_KILL_PROCESS,
	SECCOMP_TRAP, /* SIGSYS */
	SECCOMP_TRACE,
	SECCOMP_LOG,
	SECCOMP_NOTIFY, /* asks whoever has the listener, seccomp_unotify(2) */
};

enum seccomp_operator {
	SECCOMP_NOT_EQUAL,
	SECCOMP_LESS,
	SECCOMP_LESS_OR_EQUAL,
	SECCOMP_EQUAL,
	SECCOMP_GREATER_OR_EQUAL,
	SECCOMP_GREATER,
	SECCOMP_MASKED_EQUAL, /* (argument & value) == value_two */
};

struct seccomp_condition {
	unsigned argument; /* 0 to 5 */
	enum seccomp_operator op;
	uint64_t value, value_two;
};

#define SECCOMP_CONDITIONS_MAX 6

/* What happens to some system calls. Of the rules that apply to the container, all are in force. */
struct seccomp_rule {
	const char *names; /* separated by spaces and newlines; unknown ones are left out */
	enum seccomp_action action;
	unsigned error; /* of SECCOMP_ERRNO and SECCOMP_TRACE */
	struct seccomp_condition conditions[SECCOMP_CONDITIONS_MAX];
	size_t condition_count; /* all must hold; those of one argument: any */
	/* When the rule applies. */
	capability_set with;	   /* the container has all of these */
	capability_set without;	   /* and none of these */
	const char *architectures; /* one of these, in Go's words: "amd64 x32"; NULL: any */
	const char *not_architectures;
	unsigned kernel_major, kernel_minor; /* this or newer; 0: any */
};

struct seccomp_profile {
	enum seccomp_action default_action;
	unsigned default_error;
	/* OCI's words: "SCMP_ARCH_X86_64 SCMP_ARCH_X86"; NULL: this machine's, with all that it also runs. */
	const char *architectures;
	unsigned flags;				       /* SECCOMP_FILTER_FLAG_... for seccomp(2) */
	const char *listener_path, *listener_metadata; /* OCI's, for SECCOMP_NOTIFY; or NULL */
	const struct seccomp_rule *rules;
	size_t rule_count;
};

/* The same for all; not to be freed. */
const struct seccomp_profile *seccomp_profile_default(void);

/*
 * Reads a profile from JSON, docker's or OCI's. *ret_profile is to be freed with seccomp_profile_free().
 * 0 or -errno with a problem.
 */
int seccomp_profile_parse(const char *text, size_t length, struct seccomp_profile **ret_profile,
			  struct problem *problem);
/* From what was parsed already: config.json's linux.seccomp. */
int seccomp_profile_from_json(json_object *json, struct seccomp_profile **ret_profile,
			      struct problem *problem);
/* Of one that was read. Accepts NULL. */
void seccomp_profile_free(struct seccomp_profile *profile);

DEFINE_CLEANUP_FUNCTION(struct seccomp_profile *, seccomp_profile_free);

/* A program for the kernel. */
struct seccomp_program {
	struct sock_filter *instructions;
	unsigned short count;
	unsigned flags; /* for seccomp(2) */
};

/*
 * For a container with these capabilities. Where the profile's default is an error, calls newer than any
 * that it knows are answered with ENOSYS, as by an older kernel, so that programs use what they used before
 * (runc does the same). 0 or -errno with a problem. *ret_program is to be freed with
 * seccomp_program_free().
 */
int seccomp_program_make(const struct seccomp_profile *profile, capability_set capabilities,
			 struct seccomp_program *ret_program, struct problem *problem);
void seccomp_program_free(struct seccomp_program *program);

/*
 * From now on the calling process and its children are held to the program. Without no_new_privs it needs
 * CAP_SYS_ADMIN, so it then comes before capabilities_set(). *ret_listener, which may be NULL, is
 * the descriptor for whoever answers SECCOMP_NOTIFY, or -1. 0 or -errno.
 */
int seccomp_program_load(const struct seccomp_program *program, int *ret_listener);
