/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle: what a stack of layers must look like. */
#include "tree.h"

#include <string.h>

void node_add(struct arena *arena, struct node *directory, struct node *child)
{
	struct node **children;
	size_t count = directory->child_count;

	/* Grown by copying: the arena takes nothing back, and directories are small. */
	children = arena_allocate(arena, (count + 1) * sizeof(*children));
	if (count > 0)
		memcpy(children, directory->children, count * sizeof(*children));
	children[count] = child;
	directory->children = children;
	directory->child_count = count + 1;
}

struct node *node_child(const struct node *directory, const char *name)
{
	for (size_t i = 0; i < directory->child_count; i++)
		if (strcmp(directory->children[i]->name, name) == 0)
			return directory->children[i];
	return NULL;
}

static void remove_child(struct node *directory, const char *name)
{
	for (size_t i = 0; i < directory->child_count; i++) {
		if (strcmp(directory->children[i]->name, name) != 0)
			continue;
		directory->child_count--;
		directory->children[i] = directory->children[directory->child_count];
		return;
	}
}

/* The attributes of a layer's node, without its children. */
static void show(struct node *merged, struct node *origin)
{
	struct node **children = merged->children;
	size_t count = merged->child_count;

	*merged = *origin;
	merged->children = children;
	merged->child_count = count;
	merged->origin = origin;
}

static void apply_directory(struct arena *arena, struct node *merged, struct node *layer)
{
	show(merged, layer);
	if (layer->opaque)
		merged->child_count = 0;
	/* Deletions reach what lies below only, so they go first. */
	for (size_t i = 0; i < layer->child_count; i++)
		if (layer->children[i]->whiteout || layer->children[i]->replaces)
			remove_child(merged, layer->children[i]->name);

	for (size_t i = 0; i < layer->child_count; i++) {
		struct node *child = layer->children[i];
		struct node *below = node_child(merged, child->name);

		if (child->whiteout)
			continue;
		if (below && !(node_is_directory(below) && node_is_directory(child))) {
			remove_child(merged, child->name);
			below = NULL;
		}
		if (!below) {
			below = arena_allocate(arena, sizeof(*below));
			show(below, child);
			node_add(arena, merged, below);
		}
		if (node_is_directory(child))
			apply_directory(arena, below, child);
	}
}

static void mark_visible(struct node *merged)
{
	merged->origin->visible = true;
	for (size_t i = 0; i < merged->child_count; i++)
		mark_visible(merged->children[i]);
}

void merge_layers(struct stack *stack)
{
	stack->merged = arena_allocate(&stack->arena, sizeof(*stack->merged));
	for (unsigned i = stack->layer_count; i > 0; i--)
		apply_directory(&stack->arena, stack->merged, stack->layers[i - 1].root);
	mark_visible(stack->merged);
}
