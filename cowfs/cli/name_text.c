/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/name_text.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The length of the UTF-8 character that text begins with, and which it is; 0 when there is none. */
static size_t decode(const char *text, uint32_t *ret_character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)*text;
	size_t length = first < 0x80   ? 1
			: first < 0xc0 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
			: first < 0xf8 ? 4
				       : 0;
	uint32_t character = length > 1 ? first & (0x7fU >> length) : first;

	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (byte & 0x3f);
	}
	/* Longer than need be, a surrogate, or beyond Unicode. */
	if (length && (character < smallest[length] || character > 0x10ffff ||
		       (character >= 0xd800 && character < 0xe000)))
		return 0;
	*ret_character = character;
	return length;
}

/* Control characters of both sets, separators of lines, and marks that reorder what follows. */
static bool is_harmful(uint32_t character)
{
	return character < ' ' || (character >= 0x7f && character < 0xa0) ||
	       (character >= 0x200e && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069) || character == 0x61c ||
	       character == 0xfeff;
}

static int append_escaped(struct buffer *text, const char *bytes, size_t length)
{
	int result = 0;

	if (*bytes == '\n')
		return buffer_append_string(text, "\\n");
	if (*bytes == '\t')
		return buffer_append_string(text, "\\t");
	for (size_t i = 0; i < length && result == 0; i++)
		result = buffer_append_format(text, "\\%03o", (unsigned char)bytes[i]);
	return result;
}

int name_text_append(struct buffer *text, const char *name)
{
	uint32_t character;
	int result = 0;

	while (*name && result == 0) {
		size_t length = decode(name, &character);

		if (*name == '\\')
			result = buffer_append_string(text, "\\\\");
		else if (length == 0 || is_harmful(character))
			result = append_escaped(text, name, length ? length : 1);
		else
			result = buffer_append(text, name, length);
		name += length ? length : 1;
	}
	return result;
}

/* -- JSON -- */

static int append_json(struct buffer *text, const char *name)
{
	uint32_t character;
	int result = 0;

	while (*name && result == 0) {
		size_t length = decode(name, &character);

		if (length == 0)
			result = buffer_append_format(text, "\\udc%02x", (unsigned char)*name);
		else if (*name == '"' || *name == '\\')
			result = buffer_append_format(text, "\\%c", *name);
		else if (character < ' ' || character == 0x7f)
			result = buffer_append_format(text, "\\u%04x", character);
		else
			result = buffer_append(text, name, length);
		name += length ? length : 1;
	}
	return result;
}

/* json-c would write the bytes as they are. */
static int serialize(json_object *object, struct printbuf *out, int level, int flags)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	(void)level;
	(void)flags;
	if (buffer_append_string(&text, "\"") < 0 ||
	    append_json(&text, json_object_get_string(object)) < 0 ||
	    buffer_append_string(&text, "\"") < 0)
		return -1;
	return printbuf_memappend(out, text.data, (int)text.length);
}

static void dress(json_object *object)
{
	switch (json_object_get_type(object)) {
	case json_type_string:
		json_object_set_serializer(object, serialize, NULL, NULL);
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(object); i++)
			dress(json_object_array_get_idx(object, i));
		break;
	case json_type_object: {
		json_object_object_foreach(object, key, member)
		{
			(void)key;
			dress(member);
		}
		break;
	}
	default:
		break;
	}
}

int name_text_print_json(json_object *object, FILE *stream)
{
	const char *text;

	dress(object);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (!text)
		return -ENOMEM;
	return fputs(text, stream) < 0 || fputc('\n', stream) < 0 ? -errno : 0;
}
