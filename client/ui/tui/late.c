/* late.c - tells the rest of a sequence, a string or a paste from keys, by the
 * shape of a whole read: nobody types that fast. */
#include <string.h>

#include "client/ui/tui/late.h"
#include "shared/wire/text.h"

enum { BEL = 0x07, ESC = 0x1b };

bool late_csi(const uint8_t *p, size_t n)
{
	size_t i = 1;

	if (n < 2 || p[0] != '[')
		return false;
	if (p[1] == 'M' && n == 5)
		return true;
	while (i < n && p[i] >= 0x20 && p[i] < 0x40)
		i++;
	return i < n && p[i] >= 0x40 && p[i] < 0x7f &&
	       (i + 1 == n || p[i + 1] < 0x20);
}

bool late_string(const uint8_t *p, size_t n, bool osc, bool after_esc)
{
	size_t i = 0;

	if (after_esc && n > 0 && p[0] == '\\')
		return true;
	while (i < n && p[i] >= 0x20)
		i++;
	return i < n &&
	       (p[i] == BEL ? osc
			    : p[i] == ESC && i + 1 < n && p[i + 1] == '\\');
}

static bool is_break(uint8_t b)
{
	return b == '\r' || b == '\n';
}

bool late_typed(const uint8_t *p, size_t n)
{
	const uint8_t *begin = memmem(p, n, "[200~", 5);
	const uint8_t *end = memmem(p, n, "[201~", 5);
	size_t i;

	if (n == 1 || text_lead(p[0]) == n ||
	    (begin != NULL && (end == NULL || begin < end)))
		return true;
	if (end != NULL)
		return false;
	for (i = 0; i + 1 < n; i++)
		if (is_break(p[i]))
			return false;
	for (i = 0; i < n; i++)
		if (p[i] < 0x20 && p[i] != '\t' && (p[i] != ESC || i == 0))
			return true;
	return false;
}
