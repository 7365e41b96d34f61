/* ctl_audit_verify.c - says what the chain of the audit log proves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/admin/ctl_show.h"
#include "server/admin/audit_chain.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* A crash while a file was begun anew: the older one is a copy of its beginning. */
static bool copied(const struct buf *older, const struct buf *newer)
{
	return older->len > 0 && older->len <= newer->len &&
	       memcmp(older->p, newer->p, older->len) == 0;
}

static int put_json(struct ctl *c, const struct audit_chain *a,
    const char *file, const char *hash)
{
	struct json_w w;
	struct buf out;
	int status = EXIT_FAILED;

	buf_init(&out, 4096);
	json_begin(&w, &out);
	json_put_bool(&w, "proved", a->why == NULL && a->rows > 0);
	json_put_u63(&w, "rows", a->rows);
	json_put_u63(&w, "before", a->before);
	json_put_u63(&w, "cut", a->cut);
	json_put_bool(&w, "older", a->older);
	json_put_str(&w, "hash", hash);
	if (a->why != NULL) {
		json_put_str(&w, "file", file);
		json_put_u63(&w, "line", a->line);
		json_put_str(&w, "text", a->why);
	}
	if (json_end(&w) == 0 && buf_u8(&out, '\0') == 0)
		status = ctl_print(c, (char *)out.p);
	buf_free(&out);
	return status;
}

static int put_words(
    struct ctl *c, const struct audit_chain *a, const char *hash)
{
	char line[512];
	int status;

	snprintf(line, sizeof(line),
	    "%" PRIu64 " row%s, from %s to %s, are one chain: none was changed, "
	    "taken out, put in or moved.",
	    a->rows, plural(a->rows), a->first, a->last);
	status = ctl_print(c, line);
	snprintf(line, sizeof(line), "%" PRIu64 " older row%s not chained.",
	    a->before, a->before == 1 ? " is" : "s are");
	if (status == EXIT_DONE && a->before > 0)
		status = ctl_print(c, line);
	if (status == EXIT_DONE && a->older)
		status = ctl_print(
		    c, "What came before them is no longer kept.");
	snprintf(line, sizeof(line),
	    "The newest has the hash %s: note it elsewhere. Rows that are taken "
	    "off the end leave no other trace.",
	    hash);
	return status == EXIT_DONE ? ctl_print(c, line) : status;
}

int ctl_audit_verify(
    struct ctl *c, const struct buf *older, const struct buf *newer)
{
	const bool one = copied(older, newer);
	struct crypto *crypto = crypto_new();
	struct audit_chain a = {0};
	char hash[WIRE_HASH / 3 * 4 + 5];
	const char *file;
	int r = crypto != NULL ? 0 : ERR_NOMEM, status;

	if (r == 0 && !one)
		r = audit_chain_add(
		    &a, crypto, (const char *)older->p, older->len);
	if (r == 0 && a.why == NULL)
		r = audit_chain_add(
		    &a, crypto, (const char *)newer->p, newer->len);
	crypto_free(crypto);
	if (r != 0) {
		errmsg_set(&c->why, r, "%s", err_str(r));
		return EXIT_FAILED;
	}
	file = a.text == 1 && !one ? "audit.log.1" : "audit.log";
	b64_encode(hash, a.hash, WIRE_HASH);
	status = c->o.json			   ? put_json(c, &a, file, hash)
		 : a.why == NULL && a.rows > 0 ? put_words(c, &a, hash)
						   : EXIT_DONE;
	if (status != EXIT_DONE)
		return status;
	if (a.why != NULL)
		errmsg_set(&c->why, 0, "%s, line %" PRIu64 ": %s", file, a.line,
		    a.why);
	else if (a.rows == 0)
		errmsg_set(
		    &c->why, 0, "no row of the audit log is chained");
	return a.why == NULL && a.rows > 0 ? EXIT_DONE : EXIT_FAILED;
}
