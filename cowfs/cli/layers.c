/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs layers: the stack, and what each layer holds. */
#include "cli/command.h"
#include "cli/look.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "union/look/layer_counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static const char usage[] =
	"Usage: cowfs layers [OPTIONS] STACK\n"
	"       cowfs layers [OPTIONS] --layers LAYER[:LAYER...]\n"
	"\n"
	"Shows the layers, the topmost first, as PATH=rw or PATH=ro+wh, and what each holds by itself:\n"
	"names, whiteouts, bytes, and the dialect of its whiteouts. STACK is a mounted union, or\n"
	"LAYER[:LAYER...].\n"
	"\n"
	"  -q, --quick        do not count what they hold\n"
	"      --json         as JSON, for programs\n"
	"  -0, --null         only the paths, each ended by a zero byte\n"
	"      --layers LAYER[:LAYER...]  instead of STACK; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --no-color\n"
	"      --help, --version\n";

struct layers {
	struct look look;
	bool quick;
};

static bool take(void *context, int letter, const char *value)
{
	struct layers *layers = context;

	(void)letter;
	(void)value;
	layers->quick = true;
	return true;
}

static int count(struct layers *layers, unsigned index, struct layer_counts *ret_counts)
{
	struct layer_counting *counting = NULL;
	struct progress progress = { 0 };
	int result = layer_counting_begin(layers->look.fs, index, &counting);

	if (result == 0) {
		while ((result = layer_counting_step(counting)) > 0)
			progress_show(&progress, "layer %u of %u: %" PRIu64 " names", index + 1,
				      union_layer_count(layers->look.fs),
				      layer_counting_counts(counting)->entries);
		*ret_counts = *layer_counting_counts(counting);
	}
	progress_end(&progress);
	layer_counting_end(counting);
	return result;
}

/* In which whiteouts are written to an upper that is mounted, else in which they are found. */
static const char *dialect(const struct layers *layers, const struct union_layer *layer,
			   const struct layer_counts *counts)
{
	uint64_t prefixes = counts->prefix_whiteouts + counts->marker_opaques;
	uint64_t nodes = counts->node_whiteouts + counts->attribute_opaques;

	if (prefixes && nodes)
		return "mixed";
	if (prefixes)
		return "aufs";
	if (nodes)
		return "overlay";
	if (layers->look.stack.is_mount && layer->is_upper)
		return layer->dialect == WHITEOUT_OVERLAY ? "overlay" : "aufs";
	return "-";
}

static uint64_t whiteouts(const struct layer_counts *counts)
{
	return counts->prefix_whiteouts + counts->node_whiteouts + counts->marker_opaques +
	       counts->attribute_opaques;
}

static void print_header(const struct layers *layers)
{
	if (layers->quick)
		return;
	look_print_color(&layers->look, COLOR_DIM);
	(void)printf("%4s %-8s %8s %12s %10s %10s  %s\n", "", "DIALECT", "DEVICE", "SIZE", "NAMES",
		     "WHITEOUTS", "LAYER");
	look_print_color(&layers->look, COLOR_NONE);
}

/* As AUFS showed its branches in /sys/fs/aufs. */
static void print_line(const struct layers *layers, unsigned index, const struct union_layer *layer,
		       const struct layer_counts *counts)
{
	char device[32];

	(void)printf("%4u ", index);
	if (!layers->quick) {
		(void)snprintf(device, sizeof(device), "%u:%u", major(layer->device),
			       minor(layer->device));
		(void)printf("%-8s %8s ", dialect(layers, layer, counts), device);
		look_print_size(counts->bytes, 12);
		(void)printf(" %10" PRIu64 " %10" PRIu64 "  ", counts->entries, whiteouts(counts));
	}
	look_print_name(&layers->look, layer->is_upper ? COLOR_ADDED : COLOR_NONE, layer->path);
	(void)puts(layer->is_upper ? "=rw" : "=ro+wh");
}

static int describe_counts(json_object *object, const struct layer_counts *counts)
{
	const struct {
		const char *key;
		uint64_t number;
	} numbers[] = {
		{ "entries", counts->entries },
		{ "directories", counts->directories },
		{ "bytes", counts->bytes },
		{ "disk_bytes", counts->disk_bytes },
		{ "whiteouts", whiteouts(counts) },
		{ "prefix_whiteouts", counts->prefix_whiteouts },
		{ "node_whiteouts", counts->node_whiteouts },
		{ "marker_opaques", counts->marker_opaques },
		{ "attribute_opaques", counts->attribute_opaques },
		{ "unreadable", counts->unreadable },
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && result == 0; i++)
		result = json_add_number(object, numbers[i].key, numbers[i].number);
	return result;
}

static int describe(const struct layers *layers, unsigned index, const struct union_layer *layer,
		    const struct layer_counts *counts, json_object *array)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int result = object ? json_add_number(object, "layer", index) : -ENOMEM;

	if (result == 0)
		result = json_add_string(object, "path", layer->path);
	if (result == 0)
		result = json_add(object, "role",
				  json_object_new_string(layer->is_upper ? "upper" : "lower"));
	if (result == 0)
		result = json_add_number(object, "device", layer->device);
	if (result == 0)
		result = json_add_number(object, "inode", layer->inode);
	if (result == 0 && !layers->quick)
		result = json_add(object, "dialect",
				  json_object_new_string(dialect(layers, layer, counts)));
	if (result == 0 && !layers->quick)
		result = describe_counts(object, counts);
	return result < 0 ? result : json_append(array, steal_pointer(&object));
}

static int show_layer(struct layers *layers, unsigned index, json_object *array)
{
	struct layer_counts counts = { 0 };
	struct union_layer layer;
	int result = 0;

	union_get_layer(layers->look.fs, index, &layer);
	if (layers->look.ends_with_zero) {
		(void)fwrite(layer.path, 1, strlen(layer.path) + 1, stdout);
		return STATUS_OK;
	}
	if (!layers->quick)
		result = count(layers, index, &counts);
	if (result == 0 && layers->look.as_json)
		result = describe(layers, index, &layer, &counts, array);
	else if (result == 0)
		print_line(layers, index, &layer, &counts);
	if (result < 0) {
		say("layer \"%s\": %s", layer.path, strerror(-result));
		return STATUS_FAILED;
	}
	if (counts.unreadable > 0)
		say("layer \"%s\": %" PRIu64 " directories cannot be read and are not counted",
		    layer.path, counts.unreadable);
	return counts.unreadable > 0 ? STATUS_FAILED : STATUS_OK;
}

static int show(struct layers *layers)
{
	json_object *array = layers->look.as_json ? json_object_new_array() : NULL;
	int status = STATUS_OK;

	if (!layers->look.as_json && !layers->look.ends_with_zero)
		print_header(layers);
	for (unsigned i = 0; i < union_layer_count(layers->look.fs); i++)
		if (show_layer(layers, i, array) != STATUS_OK)
			status = STATUS_FAILED;
	if (layers->look.as_json && look_print_json(array) != STATUS_OK)
		status = STATUS_FAILED;
	return look_finish(status);
}

int command_layers(int argc, char **argv)
{
	static const struct option options[] = {
		LOOK_OPTIONS,
		{ "quick", no_argument, NULL, 'q' },
		{ 0 },
	};
	struct layers layers = { 0 };
	int status = look_parse(&layers.look, argc, argv, ":0ho:q", options, usage, take, &layers);

	if (status == STATUS_OK)
		status = look_open(&layers.look, argc, argv);
	if (status == STATUS_OK && optind < argc) {
		say("one operand too many: %s; see cowfs layers --help", argv[optind]);
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK)
		status = show(&layers);
	look_close(&layers.look);
	return status == LOOK_DONE ? STATUS_OK : status;
}
