/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A circular doubly linked list through nodes embedded in their owners; no memory, no locking. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

#define container_of(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Puts node at the front, where the most recently used live. */
static inline void list_push_front(struct list *list, struct list *node)
{
	node->next = list->next;
	node->previous = list;
	list->next->previous = node;
	list->next = node;
}

/* Takes node out of whatever list holds it; harmless on a node that was initialised and is alone. */
static inline void list_remove(struct list *node)
{
	node->next->previous = node->previous;
	node->previous->next = node->next;
	list_init(node);
}
