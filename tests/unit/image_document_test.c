/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests, indexes and configurations: what is read, and what is refused. */
#include "oci/config.h"
#include "oci/manifest.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

TestSuite(image_document, .timeout = 300);

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

#define CONFIG_ITEM                                                                                \
	"{\"mediaType\":\"" OCI "config.v1+json\",\"digest\":\"sha256:" HEX_A "\",\"size\":7}"
#define LAYER_ITEM                                                                                 \
	"{\"mediaType\":\"" OCI "layer.v1.tar+gzip\",\"digest\":\"sha256:" HEX_B "\",\"size\":9}"

static int parse_manifest(const char *text, struct manifest *manifest, struct problem *problem)
{
	return manifest_parse(text, strlen(text), "the manifest", manifest, problem);
}

Test(image_document, manifest)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" OCI
		"manifest.v1+json\",\"config\":" CONFIG_ITEM ",\"layers\":[" LAYER_ITEM "]}";
	cleanup_manifest struct manifest manifest = { 0 };
	cleanup_buffer struct buffer written = BUFFER_INIT;
	struct problem problem;

	cr_assert_eq(parse_manifest(text, &manifest, &problem), 0, "%s", problem.text);
	cr_assert_str_eq(manifest.config.digest.hex, HEX_A);
	cr_assert_eq(manifest.config.size, 7);
	cr_assert_eq(manifest.layers.count, 1);
	cr_assert_eq(manifest.layers.items[0].type, MEDIA_LAYER_GZIP);
	cr_assert_not(manifest.is_docker);
	cr_assert_eq(manifest_write(&manifest, &written), 0);
	cr_assert_str_eq(buffer_string(&written), text);
}

Test(image_document, docker_manifest)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" DOCKER "distribution.manifest.v2+json\","
		"\"config\":{\"mediaType\":\"" DOCKER "container.image.v1+json\","
		"\"digest\":\"sha256:" HEX_A "\",\"size\":7},"
		"\"layers\":[{\"mediaType\":\"" DOCKER "image.rootfs.diff.tar.gzip\","
		"\"digest\":\"sha256:" HEX_B "\",\"size\":9}]}";
	cleanup_manifest struct manifest manifest = { 0 };
	cleanup_buffer struct buffer written = BUFFER_INIT;
	struct problem problem;

	cr_assert_eq(parse_manifest(text, &manifest, &problem), 0, "%s", problem.text);
	cr_assert(manifest.is_docker);
	cr_assert_eq(manifest_write(&manifest, &written), 0);
	cr_assert_str_eq(buffer_string(&written), text);
	manifest_make_oci(&manifest);
	buffer_clear(&written);
	cr_assert_eq(manifest_write(&manifest, &written), 0);
	cr_assert_str_eq(buffer_string(&written), "{\"schemaVersion\":2,\"mediaType\":\"" OCI
						  "manifest.v1+json\",\"config\":" CONFIG_ITEM
						  ",\"layers\":[" LAYER_ITEM "]}");
}

Test(image_document, bad_manifests)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"schemaVersion\":1,\"config\":" CONFIG_ITEM ",\"layers\":[]}",
		"{\"schemaVersion\":\"2\",\"config\":" CONFIG_ITEM ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG_ITEM "}",
		"{\"schemaVersion\":2,\"config\":" CONFIG_ITEM ",\"layers\":{}}",
		"{\"schemaVersion\":2,\"config\":" CONFIG_ITEM ",\"layers\":[1]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG_ITEM ",\"layers\":[]} x",
		"{\"schemaVersion\":2,\"config\":" LAYER_ITEM ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":" CONFIG_ITEM ",\"layers\":[" CONFIG_ITEM "]}",
		"{\"schemaVersion\":2,\"mediaType\":\"" OCI
		"index.v1+json\",\"config\":" CONFIG_ITEM ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		"config.v1+json\",\"digest\":\"sha256:../../etc/passwd\",\"size\":7},\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		"config.v1+json\",\"digest\":\"sha256:" HEX_A "\",\"size\":-1},\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		"config.v1+json\",\"digest\":\"sha256:" HEX_A "\"},\"layers\":[]}",
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		"config.v1+json\",\"digest\":\"sha256:" HEX_A
		"\",\"size\":99999999999999999999},\"layers\":[]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct problem problem = { .text = "" };
		struct manifest manifest;
		int error = parse_manifest(texts[i], &manifest, &problem);

		cr_assert(error == -EINVAL || error == -ENOTSUP, "%s: %d", texts[i], error);
		cr_assert_neq(problem.text[0], '\0');
	}
}

/* Neither depth nor size lets anybody take our memory. */
Test(image_document, limits)
{
	static char deep[2000], large[4 * 1024 * 1024 + 2];
	struct problem problem;
	struct manifest manifest;

	memset(deep, '[', sizeof(deep) - 1);
	cr_assert_eq(parse_manifest(deep, &manifest, &problem), -EINVAL);
	memset(large, ' ', sizeof(large) - 1);
	cr_assert_eq(parse_manifest(large, &manifest, &problem), -EFBIG);
}

Test(image_document, index)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"manifests\":["
		"{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" HEX_A
		"\",\"size\":5,\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"},"
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"a:b\"}},"
		"{\"mediaType\":\"text/plain\",\"digest\":\"sha256:" HEX_B "\",\"size\":5},"
		"{\"mediaType\":\"" DOCKER
		"distribution.manifest.v2+json\",\"digest\":\"sha256:" HEX_B
		"\",\"size\":5,\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\","
		"\"io.containerd.image.name\":\"example.org/a:v1\"}}]}";
	cleanup_descriptor_list struct descriptor_list items = { 0 };
	struct problem problem;

	cr_assert_eq(index_parse(text, strlen(text), "the index", &items, &problem), 0, "%s",
		     problem.text);
	cr_assert_eq(items.count, 3);
	cr_assert_str_eq(items.items[0].reference, "a:b");
	cr_assert_str_eq(items.items[0].architecture, "amd64");
	cr_assert_eq(items.items[1].type, MEDIA_OTHER);
	cr_assert(items.items[2].is_docker);
	cr_assert_str_eq(items.items[2].reference, "example.org/a:v1");
}

static int parse_config(const char *text, struct image_config *config, struct problem *problem)
{
	return image_config_parse(text, strlen(text), "the configuration", config, problem);
}

Test(image_document, config)
{
	static const char text[] =
		"{\"created\":\"2020-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\","
		"\"config\":{\"User\":\"web\",\"Env\":[\"A=b\"],\"Entrypoint\":null,\"Cmd\":[\"sh\"],"
		"\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/w\",\"Labels\":{\"k\":\"v\"},"
		"\"ExposedPorts\":{\"80/tcp\":{}},\"StopSignal\":\"SIGINT\",\"Healthcheck\":{}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX_A "\"]},"
		"\"history\":[{\"created_by\":\"x\"},{\"created_by\":\"y\",\"empty_layer\":true}]}";
	cleanup_image_config struct image_config config = { 0 };
	struct problem problem;

	cr_assert_eq(parse_config(text, &config, &problem), 0, "%s", problem.text);
	cr_assert_str_eq(config.user, "web");
	cr_assert_str_eq(config.working_dir, "/w");
	cr_assert_str_eq(config.stop_signal, "SIGINT");
	cr_assert_str_eq(config.environment.strings[0], "A=b");
	cr_assert_eq(config.entrypoint.count, 0);
	cr_assert_str_eq(config.command.strings[0], "sh");
	cr_assert_str_eq(config.volumes.strings[0], "/v");
	cr_assert_str_eq(config.labels.strings[0], "k=v");
	cr_assert_str_eq(config.exposed_ports.strings[0], "80/tcp");
	cr_assert_eq(config.diff_id_count, 1);
	cr_assert_eq(config.history_count, 2);
	cr_assert(config.history[1].empty_layer);
}

Test(image_document, bad_configs)
{
	static const char *const texts[] = {
		"null",
		"{}",
		"{\"rootfs\":{\"type\":\"disk\",\"diff_ids\":[]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[7]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":[]}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Env\":\"A=b\"}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Env\":[1]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Cmd\":[\"a\\u0000b\"]}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"User\":0}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Labels\":{\"a\":1}}}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"history\":[1]}",
		"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"history\":[{\"empty_layer\":1}]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct problem problem = { .text = "" };
		struct image_config config;

		cr_assert_eq(parse_config(texts[i], &config, &problem), -EINVAL, "%s was taken",
			     texts[i]);
		cr_assert_neq(problem.text[0], '\0');
	}
}

/* What is made is what is read. */
Test(image_document, steps)
{
	CLEANUP(json_put) json_object *object = image_config_new("2020-01-01T00:00:00Z");
	const struct digest diff_id = { HEX_A };
	const struct image_step step = { .created = "2021-01-01T00:00:00Z",
					 .created_by = "x",
					 .diff_id = &diff_id };
	const struct image_step empty = { .created = "2022-01-01T00:00:00Z", .comment = "c" };
	cleanup_image_config struct image_config config = { 0 };
	struct problem problem;

	cr_assert_eq(image_config_add_step(object, &step), 0);
	cr_assert_eq(image_config_add_step(object, &empty), 0);
	cr_assert_eq(parse_config(json_object_to_json_string(object), &config, &problem), 0, "%s",
		     problem.text);
	cr_assert_str_eq(config.created, "2022-01-01T00:00:00Z");
	cr_assert_str_eq(config.os, "linux");
	cr_assert_eq(config.diff_id_count, 1);
	cr_assert_str_eq(config.diff_ids[0].hex, HEX_A);
	cr_assert_eq(config.history_count, 2);
	cr_assert_not(config.history[0].empty_layer);
	cr_assert(config.history[1].empty_layer);
}
