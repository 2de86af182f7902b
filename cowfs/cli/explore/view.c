/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/view.h"

#include "base/cleanup.h"
#include "cli/explore/text.h"
#include "cli/name_text.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Lines at the top and at the bottom that are not the panes'. */
#define HEADER_LINES 1
#define FOOTER_LINES 1
#define DETAIL_LINES 8
#define LAYERS_WIDTH_MIN 30
#define LAYERS_WIDTH_MAX 60

enum { PAIR_ADDED = 1, PAIR_CHANGED, PAIR_DELETED, PAIR_DIRECTORY, PAIR_LINK };

static const char keys[] =
	"Tab pane  Enter open  v view  w whence  c changes  / filter  r reload  q quit";
static const char page_keys[] = "Arrows, Space, PgUp, Home, End scroll  q back";

/* -- the terminal -- */

static void begin_colors(void)
{
	if (!has_colors() || getenv("NO_COLOR"))
		return;
	(void)start_color();
	(void)use_default_colors();
	(void)init_pair(PAIR_ADDED, COLOR_GREEN, -1);
	(void)init_pair(PAIR_CHANGED, COLOR_YELLOW, -1);
	(void)init_pair(PAIR_DELETED, COLOR_RED, -1);
	(void)init_pair(PAIR_DIRECTORY, COLOR_BLUE, -1);
	(void)init_pair(PAIR_LINK, COLOR_CYAN, -1);
}

int explore_view_check(struct problem *problem)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return problem_set(problem, -ENOTTY, "explore needs a terminal");
	return 0;
}

int explore_view_begin(struct problem *problem)
{
	int error = explore_view_check(problem);

	if (error)
		return error;
	(void)setlocale(LC_ALL, "");
	/* Else a lone Escape waits for a second. */
	set_escdelay(50);
	if (!newterm(NULL, stdout, stdin))
		return problem_set(problem, -ENOTTY,
				   "explore does not know this terminal; is TERM right?");
	begin_colors();
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	return 0;
}

void explore_view_end(void)
{
	(void)endwin();
}

size_t explore_view_height(void)
{
	int height = LINES - HEADER_LINES - FOOTER_LINES;

	return height > 1 ? (size_t)height : 1;
}

/* "12.3M": five columns. */
static void format_size(uint64_t bytes, char text[16])
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes;
	int unit = -1;

	while (size >= 999.5) {
		size /= 1024;
		unit++;
	}
	if (unit < 0)
		(void)snprintf(text, 16, "%" PRIu64, bytes);
	else
		(void)snprintf(text, 16, size < 99.95 ? "%.1f%c" : "%.0f%c", size, units[unit]);
}

void explore_view_show_below(struct explore_view *view, size_t cursor, size_t names)
{
	size_t height = explore_view_height();
	size_t wanted = names < height / 2 ? names : height / 2;

	if (cursor + wanted >= view->tree_top + height)
		view->tree_top = cursor + wanted + 1 - height;
}

/* -- layers -- */

static int layers_width(void)
{
	int width = COLS * 2 / 5;

	if (COLS < 2 * LAYERS_WIDTH_MIN)
		return COLS / 3;
	if (width < LAYERS_WIDTH_MIN)
		width = LAYERS_WIDTH_MIN;
	return width < LAYERS_WIDTH_MAX ? width : LAYERS_WIDTH_MAX;
}

/* The row shown first, so that the cursor can be seen. */
static size_t scroll_to(size_t top, size_t cursor, size_t height)
{
	if (cursor < top)
		return cursor;
	return cursor >= top + height ? cursor - height + 1 : top;
}

/* Of a layer of the image its string in one of the image's lists, else NULL: an upper layer may be above them. */
static const char *of_image(const struct explore *explore, const struct string_list *list,
			    unsigned index)
{
	size_t above = explore->layer_count - list->count;

	return index < above ? NULL : list->strings[index - above];
}

static void put_layer_name(const struct explore_view *view, const struct explore *explore,
			   unsigned index, int y, int x, int width)
{
	const char *made_by = view->image ? of_image(explore, &view->image->texts, index) : NULL;
	struct union_layer layer;

	union_get_layer(explore->whole, index, &layer);
	if (made_by)
		put_name(y, x, width, made_by);
	else
		put_path_end(y, x, width, layer.path);
}

static void draw_layer(const struct explore_view *view, const struct explore *explore,
		       unsigned index, int y, int width)
{
	struct explore_layer_counts counts;
	struct union_layer layer;
	char size[16] = "...", wasted[16] = "...", text[64];
	bool selected = index == explore->selected, active = view->pane == PANE_LAYERS;

	union_get_layer(explore->whole, index, &layer);
	explore_counts_get(explore->counts, index, &counts);
	if (counts.counted)
		format_size(counts.counts.bytes, size);
	if (counts.counted && counts.shown_counted)
		format_size(explore_wasted(&counts), wasted);
	(void)snprintf(text, sizeof(text), "%3u %s %5s %5s ", index, layer.is_upper ? "rw" : "ro",
		       size, wasted);
	if (selected)
		(void)attron(active ? A_REVERSE : A_BOLD);
	(void)put_text(y, 0, width, text);
	put_layer_name(view, explore, index, y, (int)strlen(text), width - (int)strlen(text));
	if (selected)
		(void)attroff(active ? A_REVERSE : A_BOLD);
}

/* What it is in full, and in a line below where it comes from. Returns the next line. */
static int draw_origin(const struct explore_view *view, const struct explore *explore, int y,
		       int bottom, int width)
{
	unsigned index = explore->selected;
	const char *id = view->image ? of_image(explore, &view->image->ids, index) : NULL;
	struct union_layer layer;
	char text[128];

	union_get_layer(explore->whole, index, &layer);
	if (id) {
		y = put_wrapped(y, bottom - 4, width,
				of_image(explore, &view->image->texts, index));
		(void)put_text(y, 0, width, id);
	} else {
		y = put_wrapped(y, bottom - 4, width, layer.path);
		(void)snprintf(text, sizeof(text), "device %u:%u", major(layer.device),
			       minor(layer.device));
		(void)put_text(y, 0, width, text);
	}
	return y + 1;
}

static void draw_details(const struct explore_view *view, const struct explore *explore, int y,
			 int bottom, int width)
{
	struct explore_layer_counts counts;
	char text[128];

	explore_counts_get(explore->counts, explore->selected, &counts);
	(void)attron(A_DIM);
	(void)mvhline(y++, 0, ACS_HLINE, width);
	(void)attroff(A_DIM);
	y = draw_origin(view, explore, y, bottom, width);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " names, %" PRIu64 " whiteouts",
		       counts.counts.entries,
		       counts.counts.prefix_whiteouts + counts.counts.node_whiteouts +
			       counts.counts.marker_opaques + counts.counts.attribute_opaques);
	(void)put_text(y++, 0, width, text);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " bytes", counts.counts.bytes);
	(void)put_text(y++, 0, width, text);
	if (counts.shown_counted)
		(void)snprintf(text, sizeof(text), "%" PRIu64 " wasted: hidden above",
			       explore_wasted(&counts));
	else
		(void)snprintf(text, sizeof(text), "counting...");
	(void)put_text(y++, 0, width, text);
	while (y < bottom)
		(void)put_text(y++, 0, width, "");
}

static void draw_layers(struct explore_view *view, const struct explore *explore)
{
	int width = layers_width(), bottom = LINES - FOOTER_LINES;
	int details = bottom - DETAIL_LINES > HEADER_LINES + 2 ? bottom - DETAIL_LINES : bottom;
	size_t height = (size_t)(details - HEADER_LINES - 1);

	(void)attron(A_UNDERLINE);
	(void)put_text(HEADER_LINES, 0, width, "  #     SIZE WASTE LAYER");
	(void)attroff(A_UNDERLINE);
	view->layers_top = scroll_to(view->layers_top, explore->selected, height);
	for (size_t i = 0; i < height; i++) {
		size_t index = view->layers_top + i;
		int y = HEADER_LINES + 1 + (int)i;

		if (index < explore->layer_count)
			draw_layer(view, explore, (unsigned)index, y, width);
		else
			(void)put_text(y, 0, width, "");
	}
	if (details < bottom)
		draw_details(view, explore, details, bottom, width);
	(void)attron(A_DIM);
	(void)mvvline(HEADER_LINES, width, ACS_VLINE, bottom - HEADER_LINES);
	(void)attroff(A_DIM);
}

/* -- the tree -- */

static const char *mark_of(enum difference_kind kind)
{
	static const char *const marks[] = { " ", "A", "C", "D" };

	return marks[kind];
}

static attr_t attributes_of(enum difference_kind kind, mode_t mode)
{
	switch (kind) {
	case DIFFERENCE_ADDED:
		return (attr_t)COLOR_PAIR(PAIR_ADDED);
	case DIFFERENCE_CHANGED:
		return (attr_t)COLOR_PAIR(PAIR_CHANGED);
	case DIFFERENCE_DELETED:
		return (attr_t)COLOR_PAIR(PAIR_DELETED);
	default:
		if (S_ISDIR(mode))
			return (attr_t)(COLOR_PAIR(PAIR_DIRECTORY) | A_BOLD);
		return S_ISLNK(mode) ? (attr_t)COLOR_PAIR(PAIR_LINK) : A_NORMAL;
	}
}

/* Mark, size, and what is left for the name; returns where that begins. */
static int put_columns(int y, int x, int width, enum difference_kind kind, mode_t mode,
		       uint64_t size)
{
	char text[48], bytes[16] = "";

	if (S_ISREG(mode))
		format_size(size, bytes);
	(void)snprintf(text, sizeof(text), "%s %5s ", mark_of(kind), bytes);
	(void)put_text(y, x, width, text);
	return x + (int)strlen(text);
}

static void append_target(const struct explore *explore, const struct difference_item *item,
			  struct buffer *text)
{
	const struct union_entry *entry = item->with.inode ? &item->with : &item->without;
	struct union_fs *fs = item->with.inode ? explore->with : explore->without;
	cleanup_buffer struct buffer target = BUFFER_INIT;

	if (S_ISLNK(entry->attributes.mode) && union_readlink(fs, entry->inode, &target) == 0)
		(void)buffer_append_format(text, " -> %s", buffer_string(&target));
}

static void draw_node(const struct explore *explore, struct explore_node *node, int y, int x,
		      int width)
{
	const struct difference_item *item = NULL;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	bool directory = explore_node_is_directory(node);
	uint64_t size = 0;
	int start, room, depth = (int)explore_node_depth(node), indentation;

	if (explore_tree_look(&explore->tree, node, &item) == 0)
		size = item->with.inode ? item->with.attributes.size
					: item->without.attributes.size;
	start = put_columns(y, x, width, node->name->kind, node->name->type, size);
	room = width - (start - x);
	/* However deep it is, some of the name is to be seen. */
	indentation = 2 * depth < room / 2 ? 2 * depth : room / 2;
	(void)put_text(y, start, indentation, "");
	(void)buffer_append_format(&text, "%s%s%s",
				   !directory	    ? "  "
				   : node->expanded ? "- "
						    : "+ ",
				   node->name->name, directory ? "/" : "");
	if (item)
		append_target(explore, item, &text);
	if (node->error)
		(void)buffer_append_format(&text, "  (%s)", strerror(-node->error));
	put_name(y, start + indentation, room - indentation, buffer_string(&text));
}

static void draw_tree(struct explore_view *view, const struct explore *explore, int x, int width)
{
	const struct explore_tree *tree = &explore->tree;
	size_t height = explore_view_height();

	view->tree_top = scroll_to(view->tree_top, tree->cursor, height);
	for (size_t i = 0; i < height; i++) {
		size_t row = view->tree_top + i;
		int y = HEADER_LINES + (int)i;
		attr_t attributes;

		if (row >= tree->row_count) {
			(void)put_text(y, x, width, "");
			continue;
		}
		attributes =
			attributes_of(tree->rows[row]->name->kind, tree->rows[row]->name->type);
		if (row == tree->cursor)
			attributes |= view->pane == PANE_TREE ? A_REVERSE : A_BOLD;
		(void)attr_on(attributes, NULL);
		draw_node(explore, tree->rows[row], y, x, width);
		(void)attr_off(attributes, NULL);
	}
	if (tree->row_count == 0)
		(void)put_text(HEADER_LINES, x, width,
			       tree->only_changes ? "This layer changes nothing."
						  : "There is nothing in it.");
}

static void draw_matches(struct explore_view *view, const struct explore *explore, int x, int width)
{
	const struct explore_search *search = &explore->search;
	size_t height = explore_view_height();

	view->tree_top = scroll_to(view->tree_top, explore->match, height);
	for (size_t i = 0; i < height; i++) {
		size_t row = view->tree_top + i;
		int y = HEADER_LINES + (int)i, start;
		const struct explore_match *match;
		attr_t attributes;

		if (row >= search->count) {
			(void)put_text(y, x, width, "");
			continue;
		}
		match = &search->matches[row];
		attributes = attributes_of(match->kind, match->mode);
		if (row == explore->match)
			attributes |= view->pane == PANE_TREE ? A_REVERSE : A_BOLD;
		(void)attr_on(attributes, NULL);
		start = put_columns(y, x, width, match->kind, match->mode, match->size);
		put_path_end(y, start, width - (start - x), match->path);
		(void)attr_off(attributes, NULL);
	}
	if (search->count == 0)
		(void)put_text(HEADER_LINES, x, width,
			       explore_search_is_going_on(search) ? "Searching..."
								  : "Nothing is found.");
}

/* -- the rest -- */

static void draw_title(const struct explore *explore)
{
	cleanup_buffer struct buffer text = BUFFER_INIT, path = BUFFER_INIT;

	(void)buffer_append_format(&text, " cowfs explore: %u layers, as of layer %u",
				   explore->layer_count, explore->selected);
	if (explore->tree.only_changes)
		(void)buffer_append_string(&text, ", changes only");
	if (explore_is_filtered(explore)) {
		(void)buffer_append_format(&text, ", %zu%s found with \"", explore->search.count,
					   explore->search.is_cut ? " and more" : "");
		(void)name_text_append(&text, explore->search.text);
		(void)buffer_append_string(&text, explore_search_is_going_on(&explore->search)
							  ? "\", searching"
							  : "\"");
	} else if (explore_current_path(explore, &path) == 0) {
		(void)buffer_append_string(&text, ": ");
		(void)name_text_append(&text, buffer_string(&path));
	}
	(void)attron(A_REVERSE);
	(void)put_text(0, 0, COLS, buffer_string(&text));
	(void)attroff(A_REVERSE);
}

static void draw_footer(const struct explore_view *view)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (view->prompt) {
		(void)buffer_append_string(&text, "Filter: ");
		(void)name_text_append(&text, view->prompt);
		(void)buffer_append_string(&text, "_   (Enter keeps it, Esc ends it)");
	} else if (view->message[0]) {
		(void)name_text_append(&text, view->message);
	} else {
		(void)buffer_append_string(&text, view->page ? page_keys : keys);
	}
	(void)attron(A_REVERSE);
	(void)put_text(LINES - FOOTER_LINES, 0, COLS, buffer_string(&text));
	(void)attroff(A_REVERSE);
}

static void draw_page(const struct explore_view *view)
{
	struct pager *pager = &view->page->pager;
	size_t height = explore_view_height();

	(void)attron(A_REVERSE);
	(void)put_text(0, 0, COLS, " ");
	put_name(0, 1, COLS - 1, buffer_string(&view->page->title));
	(void)attroff(A_REVERSE);
	for (size_t i = 0; i < height; i++) {
		cleanup_buffer struct buffer text = BUFFER_INIT;
		int error = pager_line(pager, pager->top + i, &text);

		if (error && i == 0 && pager->error)
			(void)put_text(HEADER_LINES, 0, COLS, strerror(-pager->error));
		else
			(void)put_text(
				HEADER_LINES + (int)i, 0, COLS,
				skip_columns(error ? "" : buffer_string(&text), pager->left));
	}
}

void explore_view_draw(struct explore_view *view, const struct explore *explore)
{
	int left = layers_width() + 1;

	(void)erase();
	if (view->page) {
		draw_page(view);
	} else {
		draw_title(explore);
		draw_layers(view, explore);
		if (explore_is_filtered(explore))
			draw_matches(view, explore, left, COLS - left);
		else
			draw_tree(view, explore, left, COLS - left);
	}
	draw_footer(view);
	(void)refresh();
}
