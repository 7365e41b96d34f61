/* servers.c - searches and updates the known_servers file. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/wire/b64.h"
#include "shared/base/secret.h"
#include "client/trust/servers.h"

void servers_name(char out[SERVERS_NAME_MAX], const struct uri *u)
{
	static const char hex[] = "0123456789ABCDEF";
	bool v6 = strchr(u->host, ':') != NULL;
	const char *s;
	size_t n = 0;

	if (u->path[0] == '\0') {
		snprintf(out, SERVERS_NAME_MAX, "%s%s%s:%s", v6 ? "[" : "",
		    u->host, v6 ? "]" : "", u->port);
		for (; *out != '\0'; out++)
			*out = (char)tolower((unsigned char)*out);
		return;
	}
	for (s = u->path; *s != '\0' && n < SERVERS_NAME_MAX - 4; s++) {
		if (*s != ' ' && *s != '#' && *s != '%') {
			out[n++] = *s;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[(unsigned char)*s >> 4];
		out[n++] = hex[*s & 15];
	}
	out[n] = '\0';
}

/* A parsed line. */
struct entry {
	const char *name; /* borrowed; len 0: a blank line or a comment */
	size_t len;
	uint8_t fingerprint[WIRE_HASH];
};

static const char no_name[] = "its first word is neither HOST:PORT nor /PATH";

/* The inverse of servers_name for a path. */
static bool path_of(char *out, size_t size, const char *w, size_t len)
{
	static const struct {
		char code[4], c;
	} escapes[] = {{"%20", ' '}, {"%23", '#'}, {"%25", '%'}};
	size_t n = 0, i, e;

	for (i = 0; i < len && n < size - 1; i++) {
		for (e = 0; e < 3 && w[i] == '%'; e++)
			if (len - i >= 3 &&
			    memcmp(w + i, escapes[e].code, 3) == 0)
				break;
		if (w[i] == '%' && e == 3)
			return false;
		out[n++] = w[i] == '%' ? escapes[e].c : w[i];
		i += w[i] == '%' ? 2 : 0;
	}
	out[n] = '\0';
	return i >= len;
}

/* A word that servers_name never makes would never match: its pin would never
 * count. Says what is wrong with it, or returns NULL. */
static const char *name_wrong(const char *w, size_t len)
{
	char text[SERVERS_NAME_MAX], name[SERVERS_NAME_MAX];
	struct uri u;

	if (len >= sizeof(text))
		return no_name;
	memcpy(text, w, len);
	text[len] = '\0';
	if (w[0] == '/' && !path_of(text, sizeof(text), w, len))
		return "a path has blanks, # and % as %20, %23 and %25";
	if (uri_parse(&u, text) != 0)
		return no_name;
	servers_name(name, &u);
	if (strlen(name) == len && strncasecmp(name, w, len) == 0)
		return NULL;
	return u.path[0] == '\0' && !u.has_port
		   ? "its name has no port, as in chat.example.org:" WIRE_PORT
		   : no_name;
}

/* Parses a line. ERR_USAGE: *what says what is wrong with it. */
static int entry_parse(
    struct entry *e, const char *line, size_t n, const char **what)
{
	const char *w;
	size_t len;

	e->name = line;
	e->len = 0;
	if ((*what = records_wrong(line, n)) != NULL)
		return ERR_USAGE;
	if (!records_word(&line, &n, &w, &len))
		return 0;
	e->name = w;
	e->len = len;
	if ((*what = name_wrong(w, len)) != NULL)
		return ERR_USAGE;
	*what = "there is no fingerprint";
	if (!records_word(&line, &n, &w, &len))
		return ERR_USAGE;
	*what = "the fingerprint is not base64url of 32 bytes";
	if (b64url_decode32(e->fingerprint, w, len) != 0)
		return ERR_USAGE;
	*what = "there is more than a name and a fingerprint";
	return records_word(&line, &n, &w, &len) ? ERR_USAGE : 0;
}

static bool entry_is(const struct entry *e, const char *name)
{
	return e->len == strlen(name) &&
	       strncasecmp(e->name, name, e->len) == 0 &&
	       /* paths are case-sensitive, hosts are not */
	       (name[0] != '/' || memcmp(e->name, name, e->len) == 0);
}

/* Finds the line of `name` in the text of a file. ERR_USAGE: a line is not
 * understood, or contradicts another. */
static int find(const void *text, size_t n, const char *name, bool *found,
    uint8_t fingerprint[WIRE_HASH], const char *path, struct errmsg *why)
{
	const char *line, *what;
	struct records records;
	struct entry e;
	size_t len;
	int r;

	*found = false;
	if ((r = records_begin(&records, path, text, n, why)) != 0)
		return r;
	while (records_line(&records, &line, &len)) {
		if (entry_parse(&e, line, len, &what) != 0)
			return records_refuse(&records, what, why);
		if (!entry_is(&e, name))
			continue;
		if (*found &&
		    !secret_equal(fingerprint, e.fingerprint, WIRE_HASH))
			return records_refuse(&records,
			    "it has another fingerprint for this server than a "
			    "line above",
			    why);
		memcpy(fingerprint, e.fingerprint, WIRE_HASH);
		*found = true;
	}
	return 0;
}

int servers_find(const char *path, const char *name, bool *known,
    uint8_t fingerprint[WIRE_HASH], struct errmsg *why)
{
	struct buf b;
	int r;

	*known = false;
	buf_init(&b, FILE_MAX + 4096);
	r = file_read(path, FILE_OWN, &b, why);
	if (r == 0)
		r = find(b.p, b.len, name, known, fingerprint, path, why);
	buf_free(&b);
	if (r != 0)
		*known = false;
	return r == ERR_AGAIN ? 0 : r;
}

struct add {
	const char *path, *name, *comment;
	const uint8_t *fingerprint;
	struct errmsg *why;
};

static int add_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct add *a = arg;
	uint8_t known[WIRE_HASH];
	char b64[B64URL_32 + 1];
	bool found;
	int r;

	/* Check again under the lock: another client may have added it. */
	if ((r = find(text, n, a->name, &found, known, a->path, a->why)) != 0)
		return r;
	if (found) {
		buf_clear(out);
		if (secret_equal(known, a->fingerprint, WIRE_HASH))
			return 0;
		return errmsg_set(a->why, ERR_PIN,
		    "another program has just added %s to %s, with another key",
		    a->name, a->path);
	}
	b64url_encode32(b64, a->fingerprint);
	if ((r = buf_str(out, a->name)) != 0 || (r = buf_u8(out, ' ')) != 0 ||
	    (r = buf_str(out, b64)) != 0 || (r = buf_str(out, " # ")) != 0 ||
	    (r = buf_str(out, a->comment)) != 0)
		return r;
	return buf_u8(out, '\n');
}

int servers_add(const char *path, const char *name,
    const uint8_t fingerprint[WIRE_HASH], const char *comment,
    struct errmsg *why)
{
	struct add a = {path, name, comment, fingerprint, why};

	return file_append(path, add_edit, &a, why);
}

struct forget {
	const char *path, *name;
	size_t n;
	struct errmsg *why;
};

static int forget_edit(void *arg, const char *text, size_t n, struct buf *out)
{
	struct forget *f = arg;
	const char *line, *what;
	struct records records;
	struct entry e;
	size_t len;
	int r;

	if ((r = records_begin(&records, f->path, text, n, f->why)) != 0)
		return r;
	while (records_line(&records, &line, &len)) {
		/* Also remove a broken line that names this server: the user
		 * wants to be rid of it. */
		r = entry_parse(&e, line, len, &what);
		if ((r == 0 || r == ERR_USAGE) && e.len > 0 &&
		    entry_is(&e, f->name)) {
			f->n++;
			continue;
		}
		if ((r = buf_put(out, line, len)) != 0 ||
		    (r = buf_u8(out, '\n')) != 0)
			return r;
	}
	return 0;
}

int servers_forget(
    const char *path, const char *name, size_t *n, struct errmsg *why)
{
	struct forget f = {path, name, 0, why};
	int r = file_rewrite(path, forget_edit, &f, why);

	*n = f.n;
	return r == ERR_AGAIN ? 0 : r;
}
