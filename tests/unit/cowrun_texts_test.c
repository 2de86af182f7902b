/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people write to cowrun: options, mounts, limits, signals, formats. */
#include "container/launch/id_maps.h"
#include "container/namespaces/mode.h"
#include "container/number.h"
#include "container/process/rlimits.h"
#include "container/process/signal_name.h"
#include "container/record/config.h"
#include "container/record/restart.h"
#include "container/root/mount_spec.h"
#include "cowrun/detach_keys.h"
#include "cowrun/options.h"
#include "cowrun/template.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* -- numbers -- */

Test(number, is_a_whole_text)
{
	static const char *const bad[] = { "",	  " 1",	 "1 ",	"+1",  "-1",
					   "0x1", "1e3", "1.0", "one", "99999999999999999999" };
	uint64_t number = 7;
	uint32_t small = 7;
	int64_t with_sign = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(number_read_u64(bad[i], &number), -EINVAL, "%s", bad[i]);
	cr_expect_eq(number_read_u32("4294967296", &small), -EINVAL);
	cr_expect_eq(number, 7);
	cr_expect_eq(small, 7);
	cr_expect_eq(number_read_u32("4294967295", &small), 0);
	cr_expect_eq(small, UINT32_MAX);
	cr_expect_eq(number_read_in("-1000", -1000, 1000, &with_sign), 0);
	cr_expect_eq(with_sign, -1000);
	cr_expect_eq(number_read_in("1001", -1000, 1000, &with_sign), -EINVAL);
	cr_expect_eq(number_read_in("--1", -1000, 1000, &with_sign), -EINVAL);
	cr_expect_eq(number_read_in("-", -1000, 1000, &with_sign), -EINVAL);
}

/* -- mounts -- */

static void free_mount(struct container_mount *mount)
{
	free(mount->type);
	free(mount->source);
	free(mount->destination);
	free(mount->options);
}

Test(mount_spec, reads_volumes)
{
	struct container_mount mount = { 0 };
	struct problem warning = { .text = "" }, problem;

	cr_assert_eq(mount_spec_volume("/tmp:/a//./b/:ro,z", &mount, &warning, &problem), 0);
	cr_expect_str_eq(mount.type, "bind");
	cr_expect_str_eq(mount.source, "/tmp");
	cr_expect_str_eq(mount.destination, "/a/b");
	cr_expect(mount.read_only);
	cr_expect(mount.recursive);
	cr_expect(strstr(warning.text, "SELinux"));
	free_mount(&mount);
	mount = (struct container_mount){ 0 };
	cr_assert_eq(mount_spec_volume("data:/data:bind", &mount, &warning, &problem), 0);
	cr_expect_str_eq(mount.type, "volume");
	cr_expect_str_eq(mount.source, "data");
	cr_expect_not(mount.recursive);
	free_mount(&mount);
}

Test(mount_spec, reads_mounts)
{
	struct container_mount mount = { 0 };
	struct problem warning, problem;

	cr_assert_eq(
		mount_spec_mount("type=bind,src=/tmp,dst=/x,readonly", &mount, &warning, &problem),
		0);
	cr_expect_str_eq(mount.source, "/tmp");
	cr_expect(mount.read_only);
	free_mount(&mount);
	mount = (struct container_mount){ 0 };
	cr_assert_eq(mount_spec_mount("type=tmpfs,destination=/x,tmpfs-size=1m", &mount, &warning,
				      &problem),
		     0);
	cr_expect_str_eq(mount.options, "size=1m,mode=1777");
	free_mount(&mount);
}

Test(mount_spec, refuses)
{
	static const char *const volumes[] = {
		"",	      ":",	     "/only",	     "/tmp:",
		"/tmp:rel",   "/tmp:/a:bad", "/tmp:/",	     "/tmp:/a:ro:x",
		"/tmp:/a/..", "/tmp:/proc",  "/tmp:/proc/x", "/no/such:/a",
		".x:/a",      ":/a",
	};
	static const char *const mounts[] = {
		"",
		"type=bind",
		"type=bind,source=/tmp",
		"type=bind,destination=/a",
		"what=1,destination=/a",
		"type=other,source=/tmp,destination=/a",
		"type=volume,source=/tmp,destination=/a",
		"type=bind,source=name,destination=/a",
		"type=bind,source=/tmp,destination=a",
	};
	static const char *const memory[] = { "",  "rel",  "/a:size", "/a:size=", "/a:nonsense",
					      "/", "/proc" };
	struct problem warning, problem;

	for (size_t i = 0; i < sizeof(volumes) / sizeof(volumes[0]); i++) {
		struct container_mount mount = { 0 };

		cr_expect_lt(mount_spec_volume(volumes[i], &mount, &warning, &problem), 0, "%s",
			     volumes[i]);
		free_mount(&mount);
	}
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		struct container_mount mount = { 0 };

		cr_expect_lt(mount_spec_mount(mounts[i], &mount, &warning, &problem), 0, "%s",
			     mounts[i]);
		free_mount(&mount);
	}
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		struct container_mount mount = { 0 };

		cr_expect_lt(mount_spec_tmpfs(memory[i], &mount, &problem), 0, "%s", memory[i]);
		free_mount(&mount);
	}
}

/* -- limits, signals, policies -- */

Test(rlimits, are_checked)
{
	cr_expect_eq(rlimits_check("nofile=1:2", NULL), 0);
	cr_expect_eq(rlimits_check("core=0", NULL), 0);
	cr_expect_eq(rlimits_check("core=unlimited", NULL), 0);
	cr_expect_eq(rlimits_check("stack=5:-1", NULL), 0);
	cr_expect_lt(rlimits_check("nofile", NULL), 0);
	cr_expect_lt(rlimits_check("nofile=", NULL), 0);
	cr_expect_lt(rlimits_check("nofile=3:2", NULL), 0);
	cr_expect_lt(rlimits_check("nofile=1:2:3", NULL), 0);
	cr_expect_lt(rlimits_check("files=1", NULL), 0);
}

Test(signal_name, is_read)
{
	cr_expect_eq(signal_number("TERM", NULL), SIGTERM);
	cr_expect_eq(signal_number("sigkill", NULL), SIGKILL);
	cr_expect_eq(signal_number("15", NULL), 15);
	cr_expect_eq(signal_number("RTMIN+3", NULL), SIGRTMIN + 3);
	cr_expect_eq(signal_number("SIGRTMAX-1", NULL), SIGRTMAX - 1);
	cr_expect_lt(signal_number("", NULL), 0);
	cr_expect_lt(signal_number("0", NULL), 0);
	cr_expect_lt(signal_number("999", NULL), 0);
	cr_expect_lt(signal_number("WHAT", NULL), 0);
	cr_expect_lt(signal_number("RTMIN+99", NULL), 0);
	cr_expect_lt(signal_number("RTMIN-1", NULL), 0);
}

Test(restart, follows_its_policy)
{
	cr_expect_eq(restart_check("on-failure:3", NULL), 0);
	cr_expect_lt(restart_check("on-failure:", NULL), 0);
	cr_expect_lt(restart_check("on-failurex", NULL), 0);
	cr_expect_lt(restart_check("sometimes", NULL), 0);
	cr_expect(restart_is_due("always", 0, 1000));
	cr_expect_not(restart_is_due("no", 1, 0));
	cr_expect_not(restart_is_due("on-failure", 0, 0));
	cr_expect(restart_is_due("on-failure", 1, 1000));
	cr_expect(restart_is_due("on-failure:3", 1, 2));
	cr_expect_not(restart_is_due("on-failure:3", 1, 3));
	cr_expect_eq(restart_pause(0), 100);
	cr_expect_eq(restart_pause(2), 400);
	cr_expect_eq(restart_pause(1000), 60000);
}

/* -- keys -- */

static const char *find_keys(struct detach_keys *keys, const char *typed, bool *ret_found)
{
	static char output[64];
	size_t length;

	*ret_found = detach_keys_find(keys, typed, strlen(typed), output, &length);
	output[length] = '\0';
	return output;
}

Test(detach_keys, are_found_across_readings)
{
	struct detach_keys keys;
	bool found;

	detach_keys_init(&keys, NULL);
	cr_expect_str_eq(find_keys(&keys, "ab\020", &found), "ab");
	cr_expect_not(found);
	cr_expect_str_eq(find_keys(&keys, "c\020", &found), "\020c");
	cr_expect_not(found);
	cr_expect_str_eq(find_keys(&keys, "\021rest", &found), "");
	cr_expect(found);
	detach_keys_init(&keys, "x");
	cr_expect_str_eq(find_keys(&keys, "abxc", &found), "ab");
	cr_expect(found);
	detach_keys_init(&keys, "");
	cr_expect_str_eq(find_keys(&keys, "\020\021", &found), "\020\021");
	cr_expect_not(found);
	cr_expect_lt(detach_keys_check("ctrl-", NULL), 0);
	cr_expect_lt(detach_keys_check("a,", NULL), 0);
	cr_expect_lt(detach_keys_check("ab", NULL), 0);
	cr_expect_eq(detach_keys_check("a,ctrl-[,ctrl-z", NULL), 0);
}

/* -- options -- */

struct chosen {
	bool a, b;
	char *text;
	struct string_list list, named;
	int64_t number;
};

static int refuse_bad(const char *value, void *options, struct problem *problem)
{
	(void)options;
	return strcmp(value, "bad") == 0 ? problem_set(problem, -EINVAL, "bad") : 0;
}

static int refuse_bad_pair(const char *pair, void *options, struct problem *problem)
{
	return refuse_bad(strchr(pair, '=') + 1, options, problem);
}

static const struct option_rule rules[] = {
	{ 'a', "all", OPTION_SWITCH, offsetof(struct chosen, a), NULL },
	{ 'b', "both", OPTION_SWITCH, offsetof(struct chosen, b), NULL },
	{ 'l', "list", OPTION_LIST, offsetof(struct chosen, list), refuse_bad },
	{ 'm', "memory", OPTION_NAMED, offsetof(struct chosen, named), refuse_bad_pair },
	{ 'n', "number", OPTION_NUMBER, offsetof(struct chosen, number), NULL },
	{ 't', "text", OPTION_TEXT, offsetof(struct chosen, text), NULL },
};

/* Reads words separated by blanks; returns the operands joined, or NULL. */
static const char *read_words(const char *text, bool ends, struct chosen *chosen)
{
	static struct buffer operands;
	const struct option_table table = OPTION_TABLE(rules, ends);
	char *copy = strdup(text), *rest = copy, *words[32] = { (char *)(uintptr_t) "command" };
	struct problem problem;
	int count = 1, operand_count, error;

	*chosen = (struct chosen){ 0 };
	while (rest && *rest)
		words[count++] = strsep(&rest, " ");
	error = options_read(&table, count, words, chosen, &operand_count, &problem);
	buffer_clear(&operands);
	for (int i = 0; !error && i < operand_count; i++)
		cr_assert_eq(buffer_append_format(&operands, "%s;", words[1 + i]), 0);
	free(copy);
	return error ? NULL : buffer_string(&operands);
}

static void forget(struct chosen *chosen)
{
	free(chosen->text);
	string_list_free(&chosen->list);
	string_list_free(&chosen->named);
}

Test(options, are_read_in_all_forms)
{
	struct chosen chosen;

	cr_expect_str_eq(
		read_words("-ab --text=x one -n=5 two -lfirst --list second -- -a", false, &chosen),
		"one;two;-a;");
	cr_expect(chosen.a && chosen.b);
	cr_expect_str_eq(chosen.text, "x");
	cr_expect_eq(chosen.number, 5);
	cr_expect_eq(chosen.list.count, 2);
	cr_expect_str_eq(chosen.list.strings[0], "first");
	forget(&chosen);
	cr_expect_str_eq(read_words("-m 1=2 --memory=x", false, &chosen), "");
	cr_expect_eq(chosen.named.count, 2);
	cr_expect_str_eq(chosen.named.strings[0], "memory=1=2");
	cr_expect_str_eq(chosen.named.strings[1], "memory=x");
	forget(&chosen);
	cr_expect_str_eq(read_words("-a -t x one -b two", true, &chosen), "one;-b;two;");
	cr_expect(chosen.a && !chosen.b);
	forget(&chosen);
	cr_expect_str_eq(read_words("--all=false -b=true -", false, &chosen), "-;");
	cr_expect(!chosen.a && chosen.b);
	forget(&chosen);
}

Test(options, are_never_passed_over)
{
	static const char *const bad[] = { "--no-such", "-x",	       "-ax",	  "--text",
					   "-t",	"--all=maybe", "-n five", "--list bad",
					   "-m bad",	"--te x",      "---all" };
	struct chosen chosen;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_null(read_words(bad[i], false, &chosen), "%s", bad[i]);
		forget(&chosen);
	}
}

/* -- formats -- */

static const char *fill(const char *template)
{
	static char result[256];
	cleanup_buffer struct buffer text = BUFFER_INIT;
	CLEANUP(json_put)
	json_object *object = json_tokener_parse(
		"{\"Name\":\"n\",\"State\":{\"Pid\":7,\"Running\":true},\"List\":[\"a/b\",1],\"None\":null}");
	struct problem problem;

	if (template_fill(template, object, &text, &problem) < 0)
		return NULL;
	(void)snprintf(result, sizeof(result), "%s", buffer_string(&text));
	return result;
}

Test(template, is_filled)
{
	cr_expect_str_eq(fill("{{.Name}}: {{ .State.Pid }}\\t{{.State.Running}}\\n"),
			 "n: 7\ttrue\n");
	cr_expect_str_eq(fill("{{json .List}} {{json .Name}}"), "[\"a/b\",1] \"n\"");
	cr_expect_str_eq(fill("{{.None}}"), "<no value>");
	cr_expect_str_eq(fill("no braces { }"), "no braces { }");
	cr_expect_not_null(fill("{{json .}}"));
	cr_expect_null(fill("{{.Nothing}}"));
	cr_expect_null(fill("{{.Name.More}}"));
	cr_expect_null(fill("{{Name}}"));
	cr_expect_null(fill("{{.Name"));
	cr_expect_null(fill("{{..Name}}"));
	cr_expect_null(fill("{{}}"));
}

/* -- namespaces -- */

Test(namespaces, say_whose_they_are)
{
	cr_expect_str_eq(namespace_mode_container("container:abc"), "abc");
	cr_expect_str_eq(namespace_mode_container("container:"), "");
	cr_expect_null(namespace_mode_container("containers"));
	cr_expect_null(namespace_mode_container("host"));
	cr_expect_null(namespace_mode_container(NULL));
	cr_expect(namespace_mode_is_own("private"));
	cr_expect(namespace_mode_is_own("none"));
	cr_expect_not(namespace_mode_is_own("host"));
	cr_expect_not(namespace_mode_is_own("container:abc"));
}

Test(namespaces, are_made_when_they_are_its_own)
{
	char own[] = "private", none[] = "none", host[] = "host", other[] = "container:abc";
	struct container_config config = { .network = none, .pid = own, .ipc = own, .uts = own };
	const uint64_t all =
		CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

	cr_expect_eq(namespace_mode_flags(&config), all);
	config.network = host;
	config.pid = other;
	cr_expect_eq(namespace_mode_flags(&config), CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS);
	config.ipc = other;
	config.uts = host;
	cr_expect_eq(namespace_mode_flags(&config), (uint64_t)CLONE_NEWNS);
}

Test(namespaces, of_groups_and_time_have_different_defaults)
{
	char own[] = "private", host[] = "host";
	struct container_config config = { 0 };

	cr_expect(namespace_mode_has_own_cgroups(&config));
	cr_expect_not(namespace_mode_has_own_time(&config));
	config.cgroups = host;
	config.time = own;
	cr_expect_not(namespace_mode_has_own_cgroups(&config));
	cr_expect(namespace_mode_has_own_time(&config));
	config.time = host;
	cr_expect_not(namespace_mode_has_own_time(&config));
}

static void expect_map(const struct string_list *map, const char *first, const char *second,
		       const char *third)
{
	const char *const texts[] = { first, second, third };
	size_t count = third ? 3 : second ? 2 : 1;

	cr_assert_eq(map->count, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(map->strings[i], texts[i]);
}

Test(namespaces, keep_an_id)
{
	struct id_maps outer = { 0 }, inner = { 0 };

	cr_assert_eq(string_list_add(&outer.uid, "0:1000:1"), 0);
	cr_assert_eq(string_list_add(&outer.uid, "1:200000:2000"), 0);
	cr_assert_eq(string_list_add(&outer.gid, "0:5000:1"), 0);
	cr_assert_eq(string_list_add(&outer.gid, "1:300000:10"), 0);
	cr_assert_eq(string_list_add(&outer.gid, "11:400000:10"), 0);
	cr_assert_eq(id_maps_count(&outer.gid), 21);
	cr_assert_eq(id_maps_keep_id(&outer, 1000, 20, &inner), 0);
	expect_map(&inner.uid, "0:1:1000", "1000:0:1", "1001:1001:1000");
	expect_map(&inner.gid, "0:1:20", "20:0:1", NULL);
	id_maps_free(&inner);
	cr_assert_eq(id_maps_keep_id(&outer, 2000, 0, &inner), 0);
	expect_map(&inner.uid, "0:1:2000", "2000:0:1", NULL);
	expect_map(&inner.gid, "0:0:1", "1:1:20", NULL);
	id_maps_free(&inner);
	cr_expect_eq(id_maps_keep_id(&outer, 2001, 0, &inner), -ERANGE);
	cr_expect_eq(id_maps_keep_id(&outer, 1000, 21, &inner), -ERANGE);
	id_maps_free(&outer);
}
