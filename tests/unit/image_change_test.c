/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/change.h"

#include "oci/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static json_object *document;

static void set_up(void)
{
	document = json_tokener_parse("{\"config\":{\"Env\":[\"PATH=/bin\",\"A=1\"]}}");
}

static void tear_down(void)
{
	json_put(document);
}

TestSuite(image_change, .init = set_up, .fini = tear_down, .timeout = 300);

static void check(const char *instruction, const char *member, const char *expected)
{
	struct problem problem = { .text = "" };
	json_object *value = NULL;

	cr_assert_eq(change_apply(document, instruction, &problem), 0, "%s: %s", instruction,
		     problem.text);
	(void)json_object_object_get_ex(image_config_of(document), member, &value);
	cr_assert_str_eq(json_object_to_json_string_ext(
				 value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			 expected);
}

Test(image_change, commands)
{
	check("CMD [\"sh\", \"-c\", \"a b\"]", "Cmd", "[\"sh\",\"-c\",\"a b\"]");
	check("CMD echo hi", "Cmd", "[\"/bin/sh\",\"-c\",\"echo hi\"]");
	check("cmd [not json", "Cmd", "[\"/bin/sh\",\"-c\",\"[not json\"]");
	check("CMD [1]", "Cmd", "[\"/bin/sh\",\"-c\",\"[1]\"]");
	check("ENTRYPOINT=[\"/init\"]", "Entrypoint", "[\"/init\"]");
	check("CMD []", "Cmd", "[]");
}

Test(image_change, environment)
{
	check("ENV A=2", "Env", "[\"PATH=/bin\",\"A=2\"]");
	check("ENV B=\"x y\" C='z\\' D=p\\ q E=\"\\\"\\\\\"", "Env",
	      "[\"PATH=/bin\",\"A=2\",\"B=x y\",\"C=z\\\\\",\"D=p q\",\"E=\\\"\\\\\"]");
	check("ENV=F=1", "Env",
	      "[\"PATH=/bin\",\"A=2\",\"B=x y\",\"C=z\\\\\",\"D=p q\",\"E=\\\"\\\\\",\"F=1\"]");
}

/* One NAME, and a value to the end. */
Test(image_change, environment_without_equals)
{
	check("ENV A b  c", "Env", "[\"PATH=/bin\",\"A=b  c\"]");
}

Test(image_change, others)
{
	check("LABEL a=b \"c d\"=e", "Labels", "{\"a\":\"b\",\"c d\":\"e\"}");
	check("EXPOSE 80 53/udp", "ExposedPorts", "{\"80/tcp\":{},\"53/udp\":{}}");
	check("VOLUME /a /b", "Volumes", "{\"/a\":{},\"/b\":{}}");
	check("VOLUME [\"/c\"]", "Volumes", "{\"/a\":{},\"/b\":{},\"/c\":{}}");
	check("USER 1000:100", "User", "\"1000:100\"");
	check("STOPSIGNAL SIGQUIT", "StopSignal", "\"SIGQUIT\"");
	check("ONBUILD RUN x", "OnBuild", "[\"RUN x\"]");
	check("WORKDIR /srv", "WorkingDir", "\"/srv\"");
	check("WORKDIR www", "WorkingDir", "\"/srv/www\"");
}

Test(image_change, refused)
{
	static const char *const instructions[] = {
		"",
		"RUN x",
		"CMD",
		"ENV",
		"ENV A",
		"ENV =x",
		"ENV A=\"x",
		"LABEL a=b c",
		"EXPOSE x",
		"EXPOSE 80/x",
		"VOLUME a",
		"USER a b",
		"EXPOSE 123456",
		"STOPSIGNAL a b",
		"WORKDIR",
		"CMDS x",
	};

	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		struct problem problem = { .text = "" };

		cr_assert_eq(change_apply(document, instructions[i], &problem), -EINVAL,
			     "%s was taken", instructions[i]);
		cr_assert_neq(problem.text[0], '\0');
	}
}
