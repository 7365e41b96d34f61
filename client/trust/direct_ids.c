/* direct_ids.c - a hash set of shown messages, and its file. */
#include "client/trust/direct_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/file.h"
#include "shared/wire/b64.h"

enum { HALF = 16, ENTRY = 2 * HALF };

/* Open addressing; an entry of zeros is free. */
struct set {
	uint8_t (*entry)[ENTRY]; /* owned */
	size_t n, cap;		 /* cap: 0 or a power of two */
};

struct direct_ids {
	struct direct_ids_opts o; /* without its path */
	struct set set;
	int fd;	   /* -1: nothing is written */
	bool torn; /* the last line may be incomplete */
};

/* --- the set --------------------------------------------------------------- */

static const uint8_t zeros[ENTRY];

static uint8_t *slot(const struct set *s, const uint8_t hash[HALF])
{
	size_t i;

	memcpy(&i, hash, sizeof(i));
	for (i &= s->cap - 1;; i = (i + 1) & (s->cap - 1))
		if (memcmp(s->entry[i], hash, HALF) == 0 ||
		    memcmp(s->entry[i], zeros, ENTRY) == 0)
			return s->entry[i];
}

static bool has(const struct set *s, const uint8_t hash[HALF])
{
	return s->n > 0 && memcmp(slot(s, hash), hash, HALF) == 0;
}

static void insert(struct set *s, const uint8_t entry[ENTRY])
{
	uint8_t *at = slot(s, entry);

	s->n += memcmp(at, entry, HALF) != 0;
	memcpy(at, entry, ENTRY);
}

/* Room for n more, at most half full. */
static int reserve(struct set *s, size_t n)
{
	struct set more = {.cap = s->cap == 0 ? 64 : s->cap};
	size_t i;

	while (more.cap / 2 < s->n + n)
		more.cap *= 2;
	if (more.cap == s->cap)
		return 0;
	if ((more.entry = calloc(more.cap, ENTRY)) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < s->cap; i++)
		if (memcmp(s->entry[i], zeros, ENTRY) != 0)
			insert(&more, s->entry[i]);
	free(s->entry);
	*s = more;
	return 0;
}

static int entry_of(struct direct_ids *d, uint8_t entry[ENTRY],
    const uint8_t from[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	const struct part parts[] = {{from, WIRE_HASH}, {id, WIRE_ID}};
	uint8_t hash[WIRE_HASH];
	int r = crypto_hash_parts(d->o.crypto, hash, parts, 2);

	memcpy(entry, hash, HALF);
	memset(entry + HALF, 0, HALF);
	return r;
}

bool direct_ids_has(struct direct_ids *d, const uint8_t from[WIRE_HASH],
    const uint8_t id[WIRE_ID])
{
	uint8_t entry[ENTRY];

	return entry_of(d, entry, from, id) == 0 && has(&d->set, entry);
}

size_t direct_ids_count(const struct direct_ids *d)
{
	return d->set.n;
}

int direct_ids_prune(struct direct_ids *d)
{
	struct set old = d->set, left = {0};
	size_t i;
	int r;

	if ((r = reserve(&left, old.n)) != 0)
		return r;
	for (i = 0; i < old.cap; i++)
		if (memcmp(old.entry[i], zeros, ENTRY) != 0 &&
		    d->o.kept(d->o.arg, old.entry[i] + HALF))
			insert(&left, old.entry[i]);
	free(old.entry);
	d->set = left;
	return 0;
}

/* --- reading --------------------------------------------------------------- */

/* *changed: the file is to be written anew. */
static int take(struct direct_ids *d, const struct buf *text, bool *changed)
{
	const char *line = (const char *)text->p, *nl;
	size_t left = text->len, len;
	uint8_t entry[ENTRY];
	int r;

	while (left > 0) {
		nl = memchr(line, '\n', left);
		len = nl != NULL ? (size_t)(nl - line) : left;
		if (nl != NULL && len == B64URL_32 &&
		    b64url_decode32(entry, line, len) == 0 &&
		    d->o.kept(d->o.arg, entry + HALF) &&
		    d->set.n < DIRECT_IDS_MAX) {
			if ((r = reserve(&d->set, 1)) != 0)
				return r;
			insert(&d->set, entry);
		} else {
			*changed = true;
		}
		len += nl != NULL;
		line += len;
		left -= len;
	}
	return 0;
}

static int put_line(struct buf *out, const uint8_t entry[ENTRY])
{
	char line[B64URL_32 + 1];
	int r;

	b64url_encode32(line, entry);
	r = buf_str(out, line);
	return r != 0 ? r : buf_u8(out, '\n');
}

static int rewrite(const struct direct_ids *d, const char *path,
    struct errmsg *why)
{
	struct buf text;
	size_t i;
	int r = 0;

	buf_init(&text, FILE_MAX);
	for (i = 0; r == 0 && i < d->set.cap; i++)
		if (memcmp(d->set.entry[i], zeros, ENTRY) != 0)
			r = put_line(&text, d->set.entry[i]);
	if (r == 0)
		r = file_write(path, text.p, text.len, FILE_REPLACE, why);
	else
		(void)errmsg_set(why, r, "%s: %s", path, err_str(r));
	buf_free(&text);
	return r;
}

static int open_file(
    struct direct_ids *d, const char *path, struct errmsg *why)
{
	struct buf text;
	bool changed = false;
	int r;

	buf_init(&text, FILE_MAX + 1);
	r = file_read(path, FILE_PRIVATE | FILE_NO_LINK, &text, why);
	if (r == ERR_AGAIN)
		r = 0;
	else if (r == 0 && (r = take(d, &text, &changed)) != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	buf_free(&text);
	if (r == 0 && changed)
		r = rewrite(d, path, why);
	if (r != 0)
		return r;
	d->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	return d->fd >= 0 ? 0
			  : errmsg_errno(
				why, ERR_IO, errno, "cannot open %s", path);
}

int direct_ids_open(struct direct_ids **out, const struct direct_ids_opts *o,
    struct errmsg *why)
{
	struct direct_ids *d = calloc(1, sizeof(*d));
	int r = 0;

	*out = NULL;
	if (d == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	d->o = *o;
	d->o.path = NULL;
	d->fd = -1;
	if (o->path != NULL)
		r = open_file(d, o->path, why);
	if (r == 0)
		*out = d;
	else
		direct_ids_free(d);
	return r;
}

void direct_ids_free(struct direct_ids *d)
{
	if (d == NULL)
		return;
	if (d->fd >= 0)
		close(d->fd);
	free(d->set.entry);
	free(d);
}

/* --- writing --------------------------------------------------------------- */

static int write_out(struct direct_ids *d, const struct buf *text)
{
	size_t off = 0;
	ssize_t n;

	while (off < text->len) {
		n = write(d->fd, text->p + off, text->len - off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		off += (size_t)n;
	}
	while (fsync(d->fd) != 0)
		if (errno != EINTR)
			return errno == EINVAL || errno == ENOSYS ? 0 : ERR_IO;
	return 0;
}

static int append(struct direct_ids *d, const uint8_t (*entry)[ENTRY], size_t n,
    struct errmsg *why)
{
	struct buf text;
	size_t i;
	int r = 0;

	if (d->fd < 0)
		return 0;
	buf_init(&text, FILE_MAX);
	if (d->torn)
		r = buf_u8(&text, '\n');
	for (i = 0; r == 0 && i < n; i++)
		r = put_line(&text, entry[i]);
	if (r != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	else if ((r = write_out(d, &text)) != 0)
		(void)errmsg_set(why, r,
		    "which direct messages were shown cannot be written: %s",
		    file_error(errno));
	d->torn = r != 0;
	buf_free(&text);
	return r;
}

int direct_ids_add(struct direct_ids *d, const struct direct_seen *seen,
    size_t n, struct errmsg *why)
{
	uint8_t(*entry)[ENTRY];
	size_t i;
	int r;

	if (n == 0)
		return 0;
	if (n > DIRECT_IDS_MAX - d->set.n)
		return errmsg_set(why, ERR_LIMIT, "%s", err_str(ERR_LIMIT));
	if ((entry = calloc(n, ENTRY)) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	if ((r = reserve(&d->set, n)) != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	for (i = 0; r == 0 && i < n; i++) {
		r = entry_of(d, entry[i], seen[i].from, seen[i].id);
		memcpy(entry[i] + HALF, seen[i].key, HALF);
	}
	if (r == 0)
		r = append(d, (const uint8_t(*)[ENTRY])entry, n, why);
	for (i = 0; r == 0 && i < n; i++)
		insert(&d->set, entry[i]);
	free(entry);
	return r;
}
