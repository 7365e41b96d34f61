/* The chain of the audit log, line by line. */
#include "server/admin/audit_chain.h"

#include <stdio.h>
#include <string.h>

#include "shared/proto/hashline.h"
#include "shared/wire/json.h"

static void wrong(struct audit_chain *c, const char *why)
{
	c->why = why;
	c->text = c->texts;
}

/* The line that names the hash before the next one. */
static void on_chain(struct audit_chain *c, const json_t *o)
{
	uint8_t previous[WIRE_HASH];

	if (c->line > 1 || json_b64(o, "previous", previous, WIRE_HASH) != 0)
		wrong(c, "it names a hash where none is to be named");
	else if (c->texts > 1 && c->rows == 0)
		wrong(c, "it goes on from an older file, which is not there");
	else if (c->texts > 1 && memcmp(previous, c->hash, WIRE_HASH) != 0)
		wrong(c, "it does not go on where the older file ends: rows "
			 "were taken out or put in between them");
	else if (c->texts == 1) {
		c->older = true;
		memcpy(c->hash, previous, WIRE_HASH);
	}
}

static int on_row(struct audit_chain *c, struct crypto *crypto,
    const json_t *o, const char *line, size_t n)
{
	const char *time = json_string_value(json_object_get(o, "time"));
	int r;

	if (json_object_get(o, "hash") == NULL && c->rows == 0) {
		c->before++;
		return 0;
	}
	r = hashline_check(crypto, c->hash, line, n);
	if (r == ERR_NOMEM || r == ERR_CRYPTO)
		return r;
	if (r != 0) {
		wrong(c, "its hash is not that of this row and those before: a "
			 "row was changed, taken out, put in or moved here");
		return 0;
	}
	snprintf(c->last, sizeof(c->last), "%s", time != NULL ? time : "?");
	if (c->rows++ == 0)
		memcpy(c->first, c->last, sizeof(c->first));
	return 0;
}

int audit_chain_add(struct audit_chain *c, struct crypto *crypto,
    const char *text, size_t n)
{
	const char *end;
	size_t len;
	json_t *o;
	int r = 0;

	c->texts++;
	for (c->line = 1; r == 0 && n > 0 &&
	     (end = memchr(text, '\n', n)) != NULL;
	     c->line++, text += len, n -= len) {
		len = (size_t)(end - text) + 1;
		if ((r = json_parse(&o, text, len - 1)) == ERR_NOMEM)
			return r;
		if (r != 0) {
			c->cut += len > 1;
			r = 0;
			continue;
		}
		if (json_is(o, "act", "chain"))
			on_chain(c, o);
		else
			r = on_row(c, crypto, o, text, len - 1);
		json_decref(o);
		if (c->why != NULL)
			return 0;
	}
	return r;
}
