/* reaction.c - the few reactions that have a spelling in ASCII. */
#include <stdio.h>
#include <string.h>

#include "client/ui/reaction.h"
#include "shared/wire/bytes.h"
#include "shared/wire/text.h"

static const struct {
	const char *typed, *with;
} table[] = {
    {"+1", "\xf0\x9f\x91\x8d"},		/* thumbs up */
    {"-1", "\xf0\x9f\x91\x8e"},		/* thumbs down */
    {"<3", "\xe2\x9d\xa4\xef\xb8\x8f"}, /* a heart, as an emoji */
    {"<3", "\xe2\x9d\xa4"}, {":)", "\xf0\x9f\x99\x82"},
    {":(", "\xf0\x9f\x99\x81"}, {":D", "\xf0\x9f\x98\x84"},
    {"ok", "\xe2\x9c\x85"}, /* a check mark */
    {"no", "\xe2\x9d\x8c"}, /* a cross */
};
enum { N_TABLE = sizeof(table) / sizeof(table[0]) };

void reaction_typed(const char **text, size_t *n)
{
	size_t i;

	for (i = 0; i < N_TABLE; i++)
		if (strlen(table[i].typed) == *n &&
		    memcmp(table[i].typed, *text, *n) == 0) {
			*text = table[i].with;
			*n = strlen(table[i].with);
			return;
		}
}

void reaction_shown(
    char out[REACTION_SHOWN], const char *with, size_t n, bool ascii)
{
	struct buf b;
	size_t i;

	for (i = 0; ascii && i < N_TABLE; i++)
		if (strlen(table[i].with) == n &&
		    memcmp(table[i].with, with, n) == 0) {
			snprintf(out, REACTION_SHOWN, "%s", table[i].typed);
			return;
		}
	buf_init(&b, REACTION_SHOWN - 1);
	if (text_filter(&b, with, n, ascii ? TEXT_ASCII : 0) != 0)
		buf_clear(&b);
	snprintf(out, REACTION_SHOWN, "%.*s", (int)b.len,
	    b.len > 0 ? (const char *)b.p : "");
	/* Invisible, or out of memory: there is one all the same. */
	if (out[0] == '\0' && n > 0)
		snprintf(out, REACTION_SHOWN, "?");
	buf_free(&b);
}
