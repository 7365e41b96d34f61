/* url.c - finds addresses in a text. */
#include "client/ui/url.h"

#include <string.h>

static const char *const schemes[] = {"https://", "http://", "conclave://"};

static bool blank(char c)
{
	return c == ' ' || c == '\n';
}

size_t url_here(const char *s, size_t n)
{
	size_t i, k, len;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		k = strlen(schemes[i]);
		if (n <= k || memcmp(s, schemes[i], k) != 0)
			continue;
		for (len = k; len < n && !blank(s[len]);)
			len++;
		while (len > k && strchr(".,;:!?)]}>'\"", s[len - 1]) != NULL)
			len--;
		return len > k ? len : 0;
	}
	return 0;
}

bool url_next(const char *s, size_t n, size_t from, size_t *at, size_t *len)
{
	size_t pos = from < n ? from : n, k;

	/* An address may begin before, in the same word. */
	while (pos > 0 && !blank(s[pos - 1]))
		pos--;
	for (; pos<n; pos += k> 0 ? k : 1) {
		k = s[pos] == 'h' || s[pos] == 'c' ? url_here(s + pos, n - pos)
						   : 0;
		if (k > 0 && pos + k > from) {
			*at = pos;
			*len = k;
			return true;
		}
	}
	return false;
}
