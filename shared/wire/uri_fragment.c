/* uri_fragment.c - parses what stands behind the '#' of an invite. */
#include <string.h>

#include "shared/wire/b64.h"
#include "shared/wire/uri_int.h"

bool uri_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool is_b64_char(char c)
{
	return uri_alnum(c) || c == '-' || c == '_';
}

bool uri_skip(struct uri_span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

bool uri_split(struct uri_span *s, char c, struct uri_span *after)
{
	const char *at = s->n > 0 ? memchr(s->p, c, s->n) : NULL;

	if (at == NULL)
		return false;
	after->p = at + 1;
	after->n = s->n - (size_t)(at - s->p) - 1;
	s->n = (size_t)(at - s->p);
	return true;
}

/* ERR_TRUNC if it may be the beginning of one. */
static int parse_fingerprint(struct uri *u, struct uri_span s)
{
	size_t i;

	for (i = 0; i < s.n && is_b64_char(s.p[i]); i++)
		;
	if (i == s.n && s.n < B64URL_32)
		return ERR_TRUNC;
	if (b64url_decode32(u->fingerprint, s.p, s.n) != 0)
		return ERR_USAGE;
	u->has_fingerprint = true;
	return 0;
}

/* --- the parts behind the fingerprint ------------------------------------- */

/* Whether all characters are of the alphabet of an id. */
static bool is_id(struct uri_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= '2' && s.p[i] <= '7')))
			return false;
	return true;
}

/* Whether all characters are base64url, and those of a whole secret have no bits
 * beyond its 16 bytes: otherwise one secret had several spellings. */
static bool is_secret(struct uri_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_b64_char(s.p[i]))
			return false;
	return s.n < URI_INVITE_SECRET ||
	       strchr("AQgw", s.p[URI_INVITE_SECRET - 1]) != NULL;
}

/* ID.SECRET. ERR_TRUNC if it may be the beginning of one. */
static int parse_personal(struct uri *u, struct uri_span s)
{
	struct uri_span secret = {NULL, 0};
	bool whole = uri_split(&s, '.', &secret);

	if (!is_id(s) || s.n > URI_INVITE_ID || !is_secret(secret) ||
	    secret.n > URI_INVITE_SECRET || u->invite[0] != '\0')
		return ERR_USAGE;
	if (whole && s.n < URI_INVITE_ID)
		return ERR_USAGE;
	if (secret.n < URI_INVITE_SECRET)
		return ERR_TRUNC;
	memcpy(u->invite, s.p, URI_INVITE_ID);
	memcpy(u->secret, secret.p, URI_INVITE_SECRET);
	return 0;
}

/* The secret of a sealed room; the same. */
static int parse_seal(struct uri *u, struct uri_span s)
{
	size_t i;

	for (i = 0; i < s.n && is_b64_char(s.p[i]); i++)
		;
	if (i < s.n || u->has_seal)
		return ERR_USAGE;
	if (s.n < B64URL_32)
		return ERR_TRUNC;
	if (b64url_decode32(u->seal, s.p, s.n) != 0)
		return ERR_USAGE;
	u->has_seal = true;
	return 0;
}

int uri_fragment(struct uri *u, struct uri_span s)
{
	struct uri_span part = {NULL, 0}, next = {NULL, 0};
	bool more = uri_split(&s, ',', &part);
	int r = parse_fingerprint(u, s);

	if (more && r == ERR_TRUNC)
		return ERR_USAGE;
	while (r == 0 && more) {
		more = uri_split(&part, ',', &next);
		if (uri_skip(&part, "i="))
			r = parse_personal(u, part);
		else if (uri_skip(&part, "s="))
			r = parse_seal(u, part);
		else if (part.n == 0 ||
			 (part.n == 1 && (*part.p == 'i' || *part.p == 's')))
			r = ERR_TRUNC;
		else
			r = ERR_USAGE;
		/* What is cut is cut at the end. */
		if (more && r == ERR_TRUNC)
			r = ERR_USAGE;
		part = next;
	}
	return r;
}
