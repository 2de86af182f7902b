/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generates stacks of layers. */
#include "acl.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define LONG_TAIL_50 "llllllllllllllllllllllllllllllllllllllllllllllllll"
#define LONG_TAIL_250 LONG_TAIL_50 LONG_TAIL_50 LONG_TAIL_50 LONG_TAIL_50 LONG_TAIL_50

/*
 * Besides the few that make layers and operations meet: names that are easily taken for a whiteout,
 * that need care in listings, and that are too long for a `.wh.` before them (252 and 255 bytes).
 */
const char *const tree_names[] = {
	"a",
	"b",
	"c",
	"d",
	"e",
	"f",
	"a",
	"b",
	"c",
	"d",
	"a",
	"b",
	".wh",
	"wh.a",
	".whx",
	"...",
	" two words",
	"new\nline",
	"\303\251",
	"\377\376",
	"Y" LONG_TAIL_250 "z",
	"XXXX" LONG_TAIL_250 "z",
};
const unsigned tree_name_count = sizeof(tree_names) / sizeof(tree_names[0]);

struct generator {
	struct random random;
	struct stack *stack;
	const struct omissions *omissions;
	/* What this layer has that may get one more name. */
	struct node *linkable[16];
	unsigned linkable_count;
};

static bool is_omitted(const struct generator *generator, unsigned number)
{
	const struct omissions *omissions = generator->omissions;

	return number < omissions->count && omissions->nodes[number];
}

static struct timespec old_time(struct random *random)
{
	time_t second = (time_t)random_below(random, 1000000000);

	/* Times that do not fit 31 bits, and those before 1970. */
	if (random_percent(random, 5))
		second += (time_t)1 << 32;
	if (random_percent(random, 5))
		second = -1 - (time_t)random_below(random, 1000);
	return (struct timespec){ second, (long)random_below(random, 1000000000) };
}

static const void *keep_bytes(struct generator *generator, const void *bytes, size_t size)
{
	return memcpy(arena_allocate(&generator->stack->arena, size + 1), bytes, size);
}

static void add_xattr(struct generator *generator, struct node *node, const char *name,
		      const void *value, size_t size)
{
	if (node->xattr_count == NODE_XATTRS)
		return;
	node->xattrs[node->xattr_count++] =
		(struct node_xattr){ name, keep_bytes(generator, value, size), size };
}

static void generate_xattrs(struct generator *generator, struct node *node)
{
	struct random *random = &generator->random;
	unsigned char bytes[40];
	struct acl acl;

	random_content(random_next(random), 0, bytes, sizeof(bytes));
	bytes[2] = 0;
	if (random_percent(random, 10))
		add_xattr(generator, node, "trusted.t", bytes, random_below(random, sizeof(bytes)));
	if (!S_ISREG(node->mode) && !S_ISDIR(node->mode))
		return;
	if (random_percent(random, 20))
		add_xattr(generator, node, "user.u", bytes, random_below(random, sizeof(bytes)));
	if (random_percent(random, 5)) {
		acl = acl_with_user(random_below(random, 3000), random_below(random, 8),
				    node->mode);
		add_xattr(generator, node, "system.posix_acl_access", &acl, sizeof(acl));
	}
	if (S_ISDIR(node->mode) && random_percent(random, 5)) {
		acl = acl_with_user(random_below(random, 3000), 7, 0750);
		add_xattr(generator, node, "system.posix_acl_default", &acl, sizeof(acl));
	}
}

static const char *generate_target(struct generator *generator)
{
	char target[1200];
	unsigned kind = random_below(&generator->random, 10);

	if (kind == 0) {
		memset(target, 't', 1100);
		target[1100] = '\0';
	} else {
		(void)snprintf(target, sizeof(target), "%s%s", kind < 4 ? "../" : "",
			       tree_names[random_below(&generator->random, 6)]);
	}
	return arena_string(&generator->stack->arena, target);
}

static void generate_type(struct generator *generator, struct node *node, unsigned depth)
{
	struct random *random = &generator->random;
	unsigned kind = random_below(random, 100);
	static const mode_t specials[] = { S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK };

	if (depth < 3 && kind < 45) {
		node->mode = S_IFDIR;
	} else if (kind < 80) {
		node->mode = S_IFREG;
		node->size = random_below(random, random_percent(random, 10) ? 70000 : 5000);
		node->content = random_next(random);
		if (random_percent(random, 15))
			node->hole = random_below(random, 3) * 4096;
		if (random_percent(random, 15))
			node->size = 0;
	} else if (kind < 92) {
		node->mode = S_IFLNK;
		node->target = generate_target(generator);
	} else {
		node->mode = specials[random_below(random, 4)];
		if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
			node->rdev =
				makedev(1 + random_below(random, 300), random_below(random, 300));
	}
}

static void generate_attributes(struct generator *generator, struct node *node)
{
	struct random *random = &generator->random;
	static const mode_t odd[] = {
		0, 0111, 0222, 0444, 0555, 04755, 02755, 06711, 01777, 02770
	};

	if (S_ISLNK(node->mode))
		node->mode |= 0777;
	else if (random_percent(random, 25))
		node->mode |= odd[random_below(random, sizeof(odd) / sizeof(odd[0]))];
	else
		node->mode |= S_ISDIR(node->mode) ? 0755 : 0644;
	node->uid = random_percent(random, 30) ? random_below(random, 70000) : 0;
	node->gid = random_percent(random, 30) ? random_below(random, 70000) : 0;
	node->mtime = old_time(random);
	generate_xattrs(generator, node);
}

static void generate_directory(struct generator *generator, struct node *directory, unsigned depth);

/* One more entry; drawn in full even when it is left out, so that leaving out changes nothing else. */
static void generate_child(struct generator *generator, struct node *directory, unsigned depth)
{
	struct random *random = &generator->random;
	struct node *node = arena_allocate(&generator->stack->arena, sizeof(*node));
	bool known, omitted;

	node->number = generator->stack->node_count++;
	node->name = tree_names[random_below(random, tree_name_count)];
	known = node_child(directory, node->name) != NULL;
	omitted = known || is_omitted(generator, node->number);
	if (random_percent(random, 15)) {
		node->whiteout = true;
	} else if (generator->linkable_count > 0 && random_percent(random, 15)) {
		node->link_of =
			generator->linkable[random_below(random, generator->linkable_count)];
		node->mode = node->link_of->mode;
		omitted |= is_omitted(generator, node->link_of->number);
	} else {
		generate_type(generator, node, depth);
		generate_attributes(generator, node);
		node->replaces = random_percent(random, 4) && strlen(node->name) <= 251;
		if (S_ISDIR(node->mode)) {
			node->opaque = random_percent(random, 12);
			generate_directory(generator, node, depth + 1);
		} else if (!omitted && generator->linkable_count < 16) {
			generator->linkable[generator->linkable_count++] = node;
		}
	}
	if (!omitted)
		node_add(&generator->stack->arena, directory, node);
}

static void generate_directory(struct generator *generator, struct node *directory, unsigned depth)
{
	static const unsigned most[] = { 9, 7, 5, 4 };
	unsigned count = random_below(&generator->random, most[depth]);

	for (unsigned i = 0; i < count; i++)
		generate_child(generator, directory, depth);
}

static void generate_layer(struct generator *generator, unsigned index)
{
	struct layer_tree *layer = &generator->stack->layers[index];
	struct random *random = &generator->random;

	generator->linkable_count = 0;
	layer->dialect = (enum dialect)random_below(random, DIALECT_COUNT);
	layer->bookkeeping = layer->dialect == DIALECT_AUFS && random_percent(random, 30);
	layer->root = arena_allocate(&generator->stack->arena, sizeof(*layer->root));
	layer->root->number = generator->stack->node_count++;
	layer->root->name = "";
	layer->root->mode = S_IFDIR | 0755;
	layer->root->mtime = old_time(random);
	/* Most unions start with an empty upper; some go on with a used one. */
	if (index > 0 || random_percent(random, 40))
		generate_directory(generator, layer->root, 0);
}

struct stack *stack_generate(uint64_t seed, const struct omissions *omissions)
{
	struct stack *stack = must_reallocate(NULL, sizeof(*stack));
	struct generator generator = { { seed }, .stack = stack, .omissions = omissions };

	*stack = (struct stack){ 0 };
	stack->layer_count = 2 + random_below(&generator.random, STACK_LAYERS_MAX - 1);
	for (unsigned i = 0; i < stack->layer_count; i++)
		generate_layer(&generator, i);
	merge_layers(stack);
	return stack;
}

void stack_free(struct stack *stack)
{
	if (!stack)
		return;
	arena_free(&stack->arena);
	free(stack);
}

static void print_node(const struct node *node, unsigned depth)
{
	printf("#   %*s", (int)(2 * depth), "");
	print_name(stdout, node->name);
	if (node->whiteout)
		printf(" (whiteout)");
	else if (node->link_of)
		printf(" = node %u", node->link_of->number);
	else
		printf(" %o %u:%u size %ju%s%s", node->mode, node->uid, node->gid,
		       (uintmax_t)node->size, node->opaque ? " opaque" : "",
		       node->replaces ? " (whiteout beside it)" : "");
	for (size_t i = 0; i < node->xattr_count; i++)
		printf(" %s", node->xattrs[i].name);
	if (node->target) {
		printf(" -> ");
		print_name(stdout, node->target);
	}
	printf(" [%u]\n", node->number);
	for (size_t i = 0; i < node->child_count; i++)
		print_node(node->children[i], depth + 1);
}

void stack_print(const struct stack *stack)
{
	static const char *const dialects[DIALECT_COUNT] = { "aufs", "overlay", "fuse-overlayfs",
							     "xattr" };

	for (unsigned i = 0; i < stack->layer_count; i++) {
		printf("# %s, whiteouts as %s:\n", i == 0 ? "upper" : "lower",
		       dialects[stack->layers[i].dialect]);
		print_node(stack->layers[i].root, 0);
	}
}
