/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs explore: the keys. What is shown is the model's and the view's. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/explore/model.h"
#include "cli/explore/operand.h"
#include "cli/explore/view.h"
#include "cli/interrupt.h"
#include "cli/say.h"

#include <errno.h>
#include <limits.h>
#include <ncurses.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* While something is counted or searched, this often is looked at it. */
#define PATIENCE_MS 50
#define KEY_ESCAPE 27
#define KEY_RETURN '\r'
#define KEY_TAB '\t'
#define FAR (LONG_MAX / 4)

struct session {
	struct explore_operand operand;
	struct explore explore;
	struct explore_view view;
	struct problem problem; /* set when it cannot go on */
	bool ends;
};

static void tell(struct session *session, int error)
{
	if (error < 0)
		(void)snprintf(session->view.message, sizeof(session->view.message), "%s",
			       strerror(-error));
}

/* Without its layers there is nothing more to show. */
static void must(struct session *session, int error)
{
	session->ends |= error < 0;
}

/* Nobody is there any more, and SIGHUP was not enough. */
static bool has_hung_up(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* Waits for a key, or a signal that is only noted. Others, as that the window has another size, end it, too. */
static void wait_for_key(int milliseconds)
{
	struct pollfd inputs[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = interrupt_descriptor(), .events = POLLIN },
	};

	(void)poll(inputs, sizeof(inputs) / sizeof(*inputs), milliseconds);
}

/* ERR when nothing was hit, but something was counted or found, or all ends. */
static int next_key(struct session *session)
{
	bool busy = explore_work(&session->explore);
	bool searching = explore_search_is_going_on(&session->explore.search);
	int key;

	explore_view_draw(&session->view, &session->explore);
	/* What ncurses has read already is not to be waited for. */
	timeout(0);
	key = getch();
	if (key == ERR && !searching) {
		wait_for_key(busy ? PATIENCE_MS : -1);
		key = getch();
	}
	session->ends |= interrupt_came() || (key == ERR && has_hung_up());
	return key;
}

/* -- a text over it all -- */

static void show(struct session *session, struct explore_page *page)
{
	struct pager *pager = &page->pager;
	long height = (long)explore_view_height();
	bool ends = false;

	session->view.page = page;
	while (!ends && !session->ends) {
		switch (next_key(session)) {
		case 'q':
		case KEY_ESCAPE:
			ends = true;
			break;
		case KEY_UP:
		case 'k':
			pager_scroll(pager, -1, (size_t)height);
			break;
		case KEY_DOWN:
		case 'j':
			pager_scroll(pager, 1, (size_t)height);
			break;
		case KEY_PPAGE:
			pager_scroll(pager, -height, (size_t)height);
			break;
		case KEY_NPAGE:
		case ' ':
			pager_scroll(pager, height, (size_t)height);
			break;
		case KEY_HOME:
		case 'g':
			pager->top = 0;
			break;
		case KEY_END:
		case 'G':
			pager_scroll(pager, FAR, (size_t)height);
			break;
		case KEY_LEFT:
			pager->left -= pager->left < 8 ? pager->left : 8;
			break;
		case KEY_RIGHT:
			pager->left += 8;
			break;
		default:
			break;
		}
		height = (long)explore_view_height();
	}
	session->view.page = NULL;
}

/* Opens a page and shows it, or tells why not. */
static void open_page(struct session *session, const char *path,
		      int (*function)(struct explore_page *page, const struct explore *explore,
				      const char *path))
{
	struct explore_page page = { 0 };
	int error = function(&page, &session->explore, path);

	if (error == -EMEDIUMTYPE)
		(void)snprintf(session->view.message, sizeof(session->view.message),
			       "It is not a regular file.");
	else if (error)
		tell(session, error);
	else
		show(session, &page);
	explore_page_close(&page);
}

static void view_file(struct session *session, const char *path)
{
	open_page(session, path, explore_page_open_file);
}

static void show_places(struct session *session, const char *path)
{
	open_page(session, path, explore_page_open_places);
}

/* -- the filter -- */

/* Takes the last character, of however many bytes, away. */
static void shorten(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length > 0 ? length - 1 : 0] = '\0';
}

static void type_filter(struct session *session)
{
	char text[128] = "";
	bool ends = false;

	session->view.prompt = text;
	session->view.pane = PANE_TREE;
	while (!ends && !session->ends) {
		int key = next_key(session);
		size_t length = strlen(text);

		if (key == KEY_ESCAPE) {
			text[0] = '\0';
			ends = true;
		} else if (key == KEY_RETURN || key == KEY_ENTER) {
			break;
		} else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
			shorten(text);
		} else if (key >= ' ' && key <= 255 && length + 1 < sizeof(text)) {
			text[length] = (char)key;
			text[length + 1] = '\0';
		} else {
			continue;
		}
		tell(session, explore_filter(&session->explore, text));
	}
	session->view.prompt = NULL;
}

/* -- the panes -- */

static void move_layer(struct session *session, long rows)
{
	struct explore *explore = &session->explore;
	long layer = (long)explore->selected + (rows > FAR / 2	  ? (long)explore->layer_count
						: rows < -FAR / 2 ? -(long)explore->layer_count
								  : rows);

	if (layer < 0)
		layer = 0;
	if (layer >= (long)explore->layer_count)
		layer = (long)explore->layer_count - 1;
	must(session, explore_select(explore, (unsigned)layer, &session->problem));
}

static void move_cursor(struct session *session, long rows)
{
	if (session->view.pane == PANE_LAYERS)
		move_layer(session, rows);
	else
		explore_move(&session->explore, rows);
}

/* Something done with the path under the cursor. */
static void with_path(struct session *session,
		      void (*function)(struct session *session, const char *path))
{
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (explore_current_path(&session->explore, &path) == 0)
		function(session, buffer_string(&path));
}

static void expand(struct session *session, struct explore_node *node)
{
	struct explore_tree *tree = &session->explore.tree;

	tell(session, explore_tree_expand(tree, node));
	explore_view_show_below(&session->view, tree->cursor, node->names.count);
}

static void open_current(struct session *session)
{
	struct explore_tree *tree = &session->explore.tree;
	struct explore_node *node;

	if (explore_is_filtered(&session->explore)) {
		tell(session, explore_go_to_match(&session->explore));
		return;
	}
	node = explore_tree_current(tree);
	if (!node)
		return;
	if (!explore_node_is_directory(node))
		with_path(session, view_file);
	else if (node->expanded)
		tell(session, explore_tree_collapse(tree, node));
	else
		expand(session, node);
}

static void go_right(struct session *session)
{
	struct explore_node *node = explore_tree_current(&session->explore.tree);

	if (!explore_is_filtered(&session->explore) && node && !node->expanded)
		expand(session, node);
}

static void go_left(struct session *session)
{
	struct explore_tree *tree = &session->explore.tree;
	struct explore_node *node = explore_tree_current(tree);
	cleanup_buffer struct buffer path = BUFFER_INIT;

	if (explore_is_filtered(&session->explore) || !node)
		return;
	if (node->expanded)
		tell(session, explore_tree_collapse(tree, node));
	else if (node->parent->parent && explore_node_path(node->parent, &path) == 0)
		tell(session, explore_tree_reveal(tree, buffer_string(&path)));
}

/* Escape ends only a filter: a slow line may cut it off from what a cursor key sends. */
static void quit(struct session *session, int key)
{
	if (explore_is_filtered(&session->explore))
		tell(session, explore_filter(&session->explore, ""));
	else if (key != KEY_ESCAPE)
		session->ends = true;
}

/* -- keys -- */

static bool take_movement(struct session *session, int key)
{
	long page = (long)explore_view_height();

	switch (key) {
	case KEY_UP:
	case 'k':
		move_cursor(session, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		move_cursor(session, 1);
		return true;
	case KEY_PPAGE:
		move_cursor(session, -page);
		return true;
	case KEY_NPAGE:
		move_cursor(session, page);
		return true;
	case KEY_HOME:
	case 'g':
		move_cursor(session, -FAR);
		return true;
	case KEY_END:
	case 'G':
		move_cursor(session, FAR);
		return true;
	default:
		return false;
	}
}

static void take_key(struct session *session, int key)
{
	struct explore *explore = &session->explore;

	switch (key) {
	case KEY_TAB:
		session->view.pane = session->view.pane == PANE_TREE ? PANE_LAYERS : PANE_TREE;
		break;
	case KEY_RETURN:
	case KEY_ENTER:
	case ' ':
		open_current(session);
		break;
	case KEY_RIGHT:
	case 'l':
		go_right(session);
		break;
	case KEY_LEFT:
	case 'h':
		go_left(session);
		break;
	case 'v':
		with_path(session, view_file);
		break;
	case 'w':
		with_path(session, show_places);
		break;
	case 'c':
		tell(session, explore_show_only_changes(explore, !explore->tree.only_changes));
		break;
	case '/':
		type_filter(session);
		break;
	case 'r':
		must(session, explore_reload(explore, &session->problem));
		break;
	case 'q':
	case KEY_ESCAPE:
		quit(session, key);
		break;
	default:
		break;
	}
}

static int explore(struct session *session)
{
	int error =
		explore_open(&session->explore, &session->operand.look.stack, &session->problem);

	if (!error)
		error = explore_view_begin(&session->problem);
	if (error) {
		explore_close(&session->explore);
		say("%s", session->problem.text);
		return STATUS_FAILED;
	}
	session->view.pane = PANE_TREE;
	session->explore.layer_ids = session->operand.is_image ? &session->operand.image.ids : NULL;
	session->view.image = session->operand.is_image ? &session->operand.image : NULL;
	while (!session->ends) {
		int key = next_key(session);

		if (key == ERR)
			continue;
		session->view.message[0] = '\0';
		if (!take_movement(session, key))
			take_key(session, key);
	}
	explore_view_end();
	explore_close(&session->explore);
	if (!session->problem.text[0])
		return STATUS_OK;
	say("%s", session->problem.text);
	return STATUS_FAILED;
}

int command_explore(int argc, char **argv)
{
	struct session session = { .operand = EXPLORE_OPERAND_INIT };
	int status = explore_operand_read(&session.operand, argc, argv);

	if (status == STATUS_OK)
		status = explore(&session);
	explore_operand_close(&session.operand);
	interrupt_obey();
	return status == LOOK_DONE ? STATUS_OK : status;
}
