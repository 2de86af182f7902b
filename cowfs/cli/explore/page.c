/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explore/page.h"

#include "base/cleanup.h"
#include "cli/look.h"
#include "cli/whence_text.h"
#include "union/look/provenance.h"
#include "union/look/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ssize_t read_file(void *context, void *data, size_t size, uint64_t offset)
{
	const struct explore_page *page = context;

	return union_read(page->fs, page->inode, data, size, offset);
}

static ssize_t read_text(void *context, void *data, size_t size, uint64_t offset)
{
	const struct explore_page *page = context;
	const struct buffer *text = &page->text;
	size_t left = offset < text->length ? text->length - (size_t)offset : 0;

	if (left < size)
		size = left;
	if (size > 0)
		memcpy(data, text->data + offset, size);
	return (ssize_t)size;
}

int explore_page_open_file(struct explore_page *page, const struct explore *explore,
			   const char *path)
{
	cleanup_buffer struct buffer found = BUFFER_INIT;
	struct union_fs *fs = explore->with;
	struct union_entry entry;
	int error = resolve_path(fs, path, false, &entry, &found);

	if (error == -ENOENT && explore->without) {
		fs = explore->without;
		error = resolve_path(fs, path, false, &entry, &found);
	}
	if (error)
		return error;
	page->fs = fs;
	page->inode = entry.inode;
	if (!S_ISREG(entry.attributes.mode))
		return -EMEDIUMTYPE;
	pager_open(&page->pager, read_file, page);
	return buffer_append_format(&page->title, "%s as of layer %u%s", path, explore->selected,
				    fs == explore->with ? "" : ", which deletes it");
}

int explore_page_open_places(struct explore_page *page, const struct explore *explore,
			     const char *path)
{
	struct provenance *provenance;
	struct look look = {
		.fs = explore->whole,
		.layer_ids = explore->layer_ids,
		.first_with_id = explore->layer_ids ? explore->layer_count -
							      (unsigned)explore->layer_ids->count
						    : 0,
	};
	cleanup_free char *printed = NULL;
	size_t size = 0;
	int error = provenance_of_path(look.fs, path, &provenance);

	if (error)
		return error;
	look.out = open_memstream(&printed, &size);
	if (look.out) {
		whence_print(&look, path, provenance);
		error = fclose(look.out) == 0 ? buffer_append(&page->text, printed, size) : -ENOMEM;
	} else {
		error = -errno;
	}
	provenance_free(provenance);
	pager_open(&page->pager, read_text, page);
	return error ? error : buffer_append_format(&page->title, "%s in all layers", path);
}

void explore_page_close(struct explore_page *page)
{
	pager_close(&page->pager);
	if (page->inode)
		union_forget(page->fs, page->inode, 1);
	buffer_free(&page->text);
	buffer_free(&page->title);
	*page = (struct explore_page){ 0 };
}
