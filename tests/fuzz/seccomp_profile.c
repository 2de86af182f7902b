/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A seccomp profile in JSON, from a file that somebody was given. */
#include "container/seccomp/seccomp.h"
#include "fuzz.h"

#include <string.h>

/* What the compiler of profiles relies on. */
static void check(const struct seccomp_profile *profile)
{
	REQUIRE(profile->architectures != NULL);
	for (size_t i = 0; i < profile->rule_count; i++) {
		const struct seccomp_rule *rule = &profile->rules[i];

		REQUIRE(rule->names != NULL);
		REQUIRE(rule->condition_count <= SECCOMP_CONDITIONS_MAX);
		REQUIRE(rule->error <= 4095);
		for (size_t j = 0; j < rule->condition_count; j++)
			REQUIRE(rule->conditions[j].argument < SECCOMP_CONDITIONS_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { "" };
	struct seccomp_profile *profile = NULL;
	struct seccomp_program program;

	if (seccomp_profile_parse((const char *)data, size, &profile, &problem) < 0) {
		REQUIRE(problem.text[0] != '\0' && !profile);
		return 0;
	}
	check(profile);
	if (profile->rule_count < 50) {
		if (seccomp_program_make(profile, capabilities_default(), &program, &problem) ==
		    0) {
			REQUIRE(program.count > 0);
			seccomp_program_free(&program);
		} else {
			REQUIRE(problem.text[0] != '\0');
		}
	}
	seccomp_profile_free(profile);
	return 0;
}
