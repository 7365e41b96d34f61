/* uri.c - parses addresses and invites. */
#include "shared/wire/uri_int.h"

#include <string.h>
#include <strings.h>

#include "shared/base/secret.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

/* So much of a room's secret is one that was cut. */
enum { SEAL_TOLD = 22 };

static bool is_host_char(char c)
{
	return uri_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool is_v6_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* uri_skip; the case of letters has no effect (RFC 3986, section 3.1). */
static bool skip_scheme(struct uri_span *s, const char *scheme)
{
	size_t n = strlen(scheme);

	if (s->n < n || strncasecmp(s->p, scheme, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

static int copy(char *out, size_t size, struct uri_span s)
{
	if (s.n >= size)
		return ERR_USAGE;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return 0;
}

/* 0..65535 in decimal, without a sign, a space or a leading zero. */
static int parse_port(struct uri *u, struct uri_span s)
{
	unsigned long v = 0;
	size_t i;

	if (s.n < 1 || s.n > 5 || (s.n > 1 && s.p[0] == '0'))
		return ERR_USAGE;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_USAGE;
		v = 10 * v + (unsigned long)(s.p[i] - '0');
	}
	if (v > 65535)
		return ERR_USAGE;
	u->has_port = true;
	return copy(u->port, sizeof(u->port), s);
}

/* V6 or V6%ZONE, between brackets. The resolver decides whether it is a
 * valid address. Here it must only be harmless and contain a colon, so that
 * uri_build knows to add brackets again. */
static int parse_v6(struct uri *u, struct uri_span s)
{
	struct uri_span zone = {NULL, 0};
	struct uri_span address = s;
	size_t i;

	if (uri_split(&address, '%', &zone) && zone.n == 0)
		return ERR_USAGE;
	if (address.n < 2 || memchr(address.p, ':', address.n) == NULL)
		return ERR_USAGE;
	for (i = 0; i < address.n; i++)
		if (!is_v6_char(address.p[i]))
			return ERR_USAGE;
	for (i = 0; i < zone.n; i++)
		if (!is_host_char(zone.p[i]))
			return ERR_USAGE;
	return copy(u->host, sizeof(u->host), s);
}

/* HOST[:PORT] or [V6][:PORT]. */
static int parse_authority(struct uri *u, struct uri_span s, bool host_optional)
{
	struct uri_span port = {NULL, 0};
	bool has_port;
	size_t i;
	int r;

	memcpy(u->port, u->tls ? WIRE_TLS_PORT : WIRE_PORT, sizeof(WIRE_PORT));
	if (uri_skip(&s, "[")) {
		if (!uri_split(&s, ']', &port))
			return ERR_USAGE;
		has_port = uri_skip(&port, ":");
		if (!has_port && port.n > 0)
			return ERR_USAGE;
		if ((r = parse_v6(u, s)) != 0)
			return r;
	} else {
		has_port = uri_split(&s, ':', &port);
		if (s.n == 0 && !(host_optional && has_port))
			return ERR_USAGE;
		/* A leading '-' could be mistaken for an option. */
		if (s.n > 0 && s.p[0] == '-')
			return ERR_USAGE;
		for (i = 0; i < s.n; i++)
			if (!is_host_char(s.p[i]))
				return ERR_USAGE;
		if ((r = copy(u->host, sizeof(u->host), s)) != 0)
			return r;
	}
	return has_port ? parse_port(u, port) : 0;
}

static int path_char(struct uri *u, size_t *n, unsigned char c)
{
	if (c < 0x20 || c == 0x7f || *n >= URI_PATH_MAX)
		return ERR_USAGE;
	u->path[(*n)++] = (char)c;
	return 0;
}

/* An absolute path that fits in a sockaddr_un. */
static int parse_path(struct uri *u, struct uri_span s, bool percent)
{
	size_t i, n = 0;
	int hi, lo, r;

	if (s.n < 2 || s.p[0] != '/')
		return ERR_USAGE;
	for (i = 0; i < s.n; i++) {
		if (!percent || s.p[i] != '%') {
			r = path_char(u, &n, (unsigned char)s.p[i]);
		} else {
			if (s.n - i < 3 || (hi = hex_value(s.p[i + 1])) < 0 ||
			    (lo = hex_value(s.p[i + 2])) < 0)
				return ERR_USAGE;
			r = path_char(u, &n, (unsigned char)(16 * hi + lo));
			i += 2;
		}
		if (r != 0)
			return r;
	}
	u->path[n] = '\0';
	return text_utf8(u->path, n) ? 0 : ERR_USAGE;
}

static int parse_room(struct uri *u, struct uri_span s)
{
	if (!text_room(s.p, s.n))
		return ERR_USAGE;
	return copy(u->room, sizeof(u->room), s);
}

/* The forms without our scheme. */
static int parse_listen(struct uri *u, struct uri_span s)
{
	if (skip_scheme(&s, "unix:") || (s.n > 0 && s.p[0] == '/'))
		return parse_path(u, s, false);
	return parse_authority(u, s, true);
}

/* Parses the rest of a conclave:// URI. */
static int parse_invite(struct uri *u, struct uri_span s)
{
	struct uri_span fingerprint, room;
	int r;

	if (uri_split(&s, '#', &fingerprint) &&
	    (r = uri_fragment(u, fingerprint)) != 0)
		return r;
	if (uri_split(&s, '/', &room) && room.n > 0 &&
	    (r = parse_room(u, room)) != 0)
		return r;
	return parse_authority(u, s, false);
}

/* Parses the rest of a conclave+unix:// URI. */
static int parse_invite_unix(struct uri *u, struct uri_span s)
{
	struct uri_span fingerprint, query;
	int r;

	if (uri_split(&s, '#', &fingerprint) &&
	    (r = uri_fragment(u, fingerprint)) != 0)
		return r;
	if (uri_split(&s, '?', &query) &&
	    (!uri_skip(&query, "room=") || parse_room(u, query) != 0))
		return ERR_USAGE;
	return parse_path(u, s, true);
}

/* --- what people paste --------------------------------------------------- */

/* Removes `mark` from the front (or from the end). */
static bool strip(struct uri_span *s, const char *mark, bool end)
{
	size_t n = strlen(mark);

	if (s->n < n || memcmp(end ? s->p + s->n - n : s->p, mark, n) != 0)
		return false;
	s->p += end ? 0 : n;
	s->n -= n;
	return true;
}

/* A no-break space, a zero width space and a byte order mark count as blanks:
 * web pages and documents put them beside an address. */
static void trim(struct uri_span *s)
{
	static const char *const blanks[] = {
	    " ", "\t", "\r", "\n", "\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf"};
	size_t i;

	for (i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (strip(s, blanks[i], false) || strip(s, blanks[i], true))
			i = (size_t)-1; /* from the first again */
}

/* Removes blanks and pairs of quotes or brackets around the text. A bracket of
 * an IPv6 address is part of it. */
static void trim_quotes(struct uri_span *s)
{
	static const char *const pairs[][2] = {{"\"", "\""}, {"'", "'"},
	    {"`", "`"}, {"<", ">"}, {"(", ")"},
	    {"\xe2\x80\x9c", "\xe2\x80\x9d"}, /* English double */
	    {"\xe2\x80\x98", "\xe2\x80\x99"}, /* and single */
	    {"\xe2\x80\x9e", "\xe2\x80\x9c"}, /* German */
	    {"\xc2\xab", "\xc2\xbb"}, {"\xc2\xbb", "\xc2\xab"}};
	struct uri_span in;
	size_t i;

	trim(s);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		in = *s;
		if (!strip(&in, pairs[i][0], false) ||
		    !strip(&in, pairs[i][1], true))
			continue;
		*s = in;
		trim(s);
		i = (size_t)-1;
	}
}

static bool is_invite(struct uri_span s)
{
	return skip_scheme(&s, URI_SCHEME) || skip_scheme(&s, URI_SCHEME_TLS) ||
	       skip_scheme(&s, URI_SCHEME_UNIX);
}

/* The length of what stands between two pieces of a wrapped invite, or of blanks
 * in its fingerprint; else 0. */
static size_t gap(struct uri_span s, bool in_fingerprint)
{
	bool breaks = false, quote = false;
	size_t n;

	for (n = 0; n < s.n && strchr(" \t\r\n>", s.p[n]) != NULL; n++) {
		breaks = breaks || s.p[n] == '\n' || s.p[n] == '\r';
		quote = quote || s.p[n] == '>';
	}
	return breaks || (in_fingerprint && !quote) ? n : 0;
}

/* Copies an invite without its gaps and without punctuation behind its end, where
 * it stood in a sentence. Returns false if it is too long. */
static bool unwrap(char *out, size_t size, struct uri_span s)
{
	bool in_fingerprint = false;
	size_t skipped, n = 0;

	while (s.n > 0) {
		skipped = gap(s, in_fingerprint);
		s.p += skipped;
		s.n -= skipped;
		if (skipped > 0)
			continue;
		if (n == size - 1)
			return false;
		in_fingerprint = in_fingerprint || *s.p == '#';
		out[n++] = *s.p++;
		s.n--;
	}
	while (in_fingerprint && strchr(".,;:!?)>]\"'", out[n - 1]) != NULL)
		n--;
	out[n] = '\0';
	return true;
}

static int parse_any(struct uri *u, struct uri_span s)
{
	char whole[URI_TEXT_MAX] = "";
	int r = ERR_USAGE;

	trim_quotes(&s);
	if (!is_invite(s))
		return parse_listen(u, s);
	if (!unwrap(whole, sizeof(whole), s))
		goto out;
	/* Without a fingerprint at its end, nothing shows that the lines belong
	 * together. */
	if (strchr(whole, '#') == NULL && memchr(s.p, '\n', s.n) != NULL)
		goto out;
	s = (struct uri_span){whole, strlen(whole)};
	if (skip_scheme(&s, URI_SCHEME_UNIX))
		r = parse_invite_unix(u, s);
	else if ((u->tls = skip_scheme(&s, URI_SCHEME_TLS)) ||
		 skip_scheme(&s, URI_SCHEME))
		r = parse_invite(u, s);
out:
	secret_wipe(whole, sizeof(whole));
	return r;
}

void uri_wipe(struct uri *u)
{
	secret_wipe(u->secret, sizeof(u->secret));
	secret_wipe(u->seal, sizeof(u->seal));
}

void uri_hide(char *text)
{
	struct uri_span s = {text, strlen(text)};
	char *at;

	trim_quotes(&s);
	if (!is_invite(s) || (at = strchr(text, '#')) == NULL ||
	    (at = strchr(at, ',')) == NULL)
		return;
	secret_wipe(at, strlen(at));
}

int uri_parse(struct uri *out, const char *text)
{
	struct uri u = {0};
	int r = parse_any(&u, (struct uri_span){text, strlen(text)});

	/* ":PORT" and port 0 are valid only for listening. */
	if (r == 0 && ((u.host[0] == '\0' && u.path[0] == '\0') ||
			  strcmp(u.port, "0") == 0 ||
			  (u.has_seal && u.room[0] == '\0')))
		r = ERR_USAGE;
	if (r == 0)
		*out = u;
	uri_wipe(&u);
	return r;
}

int uri_parse_listen(struct uri *out, const char *text)
{
	struct uri_span s = {text, strlen(text)};
	struct uri u = {0};
	int r;

	trim_quotes(&s);
	if ((r = parse_listen(&u, s)) != 0)
		return r;
	*out = u;
	return 0;
}

bool uri_unfinished(const char *text)
{
	struct uri_span s = {text, strlen(text)};
	struct uri u = {0};
	bool cut;

	trim_quotes(&s);
	if (!is_invite(s))
		return false;
	/* A comma at its end may be of the sentence around it, too. */
	cut = memchr(s.p, '#', s.n) == NULL || s.p[s.n - 1] == ',' ||
	      parse_any(&u, s) == ERR_TRUNC;
	uri_wipe(&u);
	return cut;
}

static bool is_ascii(struct uri_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* The same for HOST[:PORT] or [V6][:PORT]. */
static const char *wrong_authority(struct uri_span s)
{
	struct uri_span port = {NULL, 0}, zone = {NULL, 0}, address = s;
	struct uri u = {0};
	size_t colons = 0, i;

	if (!is_ascii(s))
		return "give the ASCII form of the name, which begins with "
		       "xn-- (`idn2 NAME` prints it)";
	(void)uri_split(&address, '%', &zone);
	for (i = 0; i < address.n && is_v6_char(address.p[i]); i++)
		colons += address.p[i] == ':';
	if (i == address.n && colons > 1)
		return "give an IPv6 address in brackets: [::1]:2528";
	if (s.n > 0 && s.p[0] == '[')
		(void)(uri_split(&s, ']', &port) && uri_skip(&port, ":"));
	else
		(void)uri_split(&s, ':', &port);
	if (port.n > 0 && memchr(port.p, ':', port.n) == NULL &&
	    (parse_port(&u, port) != 0 || strcmp(u.port, "0") == 0))
		return "give a port from 1 to 65535";
	return NULL;
}

/* The same for what stands behind the '#' of an invite. */
static const char *wrong_fragment(struct uri_span s)
{
	static const char unknown[] =
	    "the invite has a part that this conclave does not know: use a "
	    "newer one";
	struct uri_span part = {NULL, 0}, next = {NULL, 0};
	bool more = uri_split(&s, ',', &part);

	while (more) {
		more = uri_split(&part, ',', &next);
		if (part.n > 1 && !uri_skip(&part, "i=") &&
		    !uri_skip(&part, "s="))
			return unknown;
		part = next;
	}
	return NULL;
}

bool uri_tells_seal(const char *text, size_t n)
{
	const char *end, *p;
	size_t len;

	if (n == 0) /* text may be NULL */
		return false;
	end = text + n;
	p = memmem(text, n, "://", 3);
	while (p != NULL &&
	       (p = memmem(p, (size_t)(end - p), ",s=", 3)) != NULL) {
		for (p += 3, len = 0; p + len < end &&
				      (uri_alnum(p[len]) || p[len] == '-' ||
					  p[len] == '_');
		     len++)
			;
		if (len >= SEAL_TOLD)
			return true;
	}
	return false;
}

const char *uri_wrong(const char *text)
{
	struct uri_span s = {text, strlen(text)}, rest;
	struct uri u = {0};
	const char *wrong = NULL;
	bool damaged = false;
	int r = parse_any(&u, s);

	uri_wipe(&u);
	if (r == ERR_TRUNC)
		return "the invite is cut: give all of it, in quotes";
	trim_quotes(&s);
	if (skip_scheme(&s, URI_SCHEME) || skip_scheme(&s, URI_SCHEME_TLS)) {
		if (uri_split(&s, '#', &rest)) {
			wrong = wrong_fragment(rest);
			u = (struct uri){0};
			damaged = uri_fragment(&u, rest) != 0;
			uri_wipe(&u);
		}
		(void)uri_split(&s, '/', &rest);
		if (wrong == NULL)
			wrong = wrong_authority(s);
		return wrong == NULL && damaged
			   ? "what stands behind its # is damaged: copy the "
			     "invite again"
			   : wrong;
	}
	/* Of a URL of another kind its port is not what is wrong. */
	if (is_invite(s) || memmem(s.p, s.n, "://", 3) != NULL)
		return NULL;
	if (skip_scheme(&s, "unix:") && (s.n == 0 || s.p[0] != '/'))
		return "give the whole path, from / on: unix:/PATH";
	if (s.n == 0 || s.p[0] != '/')
		return wrong_authority(s);
	return s.n > URI_PATH_MAX
		   ? "give a shorter path: a Unix socket's has at most 107 "
		     "bytes"
		   : NULL;
}
_Static_assert(URI_PATH_MAX == 107, "see the sentence");
