/* mention.c - finds a name as a whole word in a text. */
#include "client/ui/mention.h"

#include <string.h>
#include <strings.h>

/* True for characters that make the name part of a longer word. */
static bool joins(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '_' || (c & 0x80) != 0;
}

static bool joins_below(const char *s, size_t n)
{
	if (n == 0)
		return false;
	if (joins(s[0]))
		return true;
	return (s[0] == '.' || s[0] == '-') && n > 1 && joins(s[1]);
}

static bool joins_above(const char *text, size_t at)
{
	if (at == 0)
		return false;
	if (joins(text[at - 1]))
		return true;
	return (text[at - 1] == '.' || text[at - 1] == '-') && at > 1 &&
	       joins(text[at - 2]);
}

bool mention_in(const char *text, size_t n, const char *name)
{
	size_t k = strlen(name), i;

	if (k == 0)
		return false;
	for (i = 0; k <= n && i <= n - k; i++)
		if (strncasecmp(text + i, name, k) == 0 &&
		    !joins_above(text, i) &&
		    !joins_below(text + i + k, n - i - k))
			return true;
	return false;
}
