/* Compares the chains of two transcripts, offset by offset. */
#include "client/verify/part.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/verify/linefile.h"
#include "shared/os/vec.h"
#include "shared/proto/direct.h"
#include "shared/proto/transcript.h"

/* A transcript on its way to its end. */
struct walk {
	struct crypto *crypto;
	const struct part_files *files;
	size_t file; /* the one that is read */
	struct linefile *in;
	const struct line *line;
	size_t n, i;
	struct buf body;
	bool known; /* there is an entry: */
	struct log_head at;
};

static int next_file(struct walk *w)
{
	int fd;

	linefile_free(w->in);
	w->in = NULL;
	if (w->file == w->files->n)
		return ERR_AGAIN;
	fd = w->files->fd[w->file++];
	if (lseek(fd, 0, SEEK_SET) != 0)
		return ERR_IO;
	w->in = linefile_new(fd);
	return w->in != NULL ? 0 : ERR_NOMEM;
}

/* The next line. ERR_AGAIN: there is none. */
static int next_line(struct walk *w, struct transcript_line *l)
{
	bool cut;
	int r;

	while (w->i == w->n) {
		w->i = w->n = 0;
		if (w->in != NULL &&
		    (r = linefile_next(w->in, &w->line, &w->n, &cut)) != 0)
			return r;
		if (w->n == 0 && (r = next_file(w)) != 0)
			return r;
	}
	r = transcript_get(l, &w->body, w->line[w->i].p, w->line[w->i].n);
	w->i++;
	return r;
}

/* Goes to the next chain value. ERR_AGAIN: there is none. */
static int step(struct walk *w)
{
	struct transcript_line l;
	uint8_t d[WIRE_HASH];
	int r;

	for (;;) {
		if ((r = next_line(w, &l)) != 0)
			return r;
		if (l.type == TRANSCRIPT_HEAD || l.type == TRANSCRIPT_FROM) {
			if (w->known && w->at.offset == l.at.offset)
				continue;
			w->at = l.at;
			w->known = true;
			return 0;
		}
		if (l.type != TRANSCRIPT_ENTRY)
			continue;
		memcpy(d, l.digest, sizeof(d));
		if (l.opened &&
		    (r = crypto_hash1(w->crypto, d, l.body + WIRE_OFFSET,
			 l.n_body - WIRE_OFFSET)) != 0)
			return r;
		return log_head_add(w->crypto, &w->at, d);
	}
}

static void compare(
    struct part_result *out, const struct log_head *a, const struct log_head *b)
{
	if (memcmp(a->chain, b->chain, WIRE_HASH) != 0) {
		out->parts = true;
		out->at = a->offset;
		return;
	}
	if (out->common++ == 0)
		out->first = a->offset;
	out->agreed = a->offset;
}

int part_find(struct crypto *c, struct part_result *out,
    const struct part_files *a, const struct part_files *b)
{
	struct walk x = {.crypto = c, .files = a},
		    y = {.crypto = c, .files = b};
	int r;

	memset(out, 0, sizeof(*out));
	buf_init(&x.body, TRANSCRIPT_LINE_MAX);
	buf_init(&y.body, TRANSCRIPT_LINE_MAX);
	r = step(&x);
	if (r == 0)
		r = step(&y);
	while (r == 0 && !out->parts) {
		if (x.at.offset == y.at.offset)
			compare(out, &x.at, &y.at);
		r = step(x.at.offset <= y.at.offset ? &x : &y);
	}
	linefile_free(x.in);
	linefile_free(y.in);
	buf_free(&x.body);
	buf_free(&y.body);
	return r == ERR_AGAIN ? 0 : r;
}

/* --- direct messages ----------------------------------------------------------- */

enum { MARK = 16 }; /* bytes of a frame's hash: two frames never share them */

struct marks {
	uint8_t (*p)[MARK]; /* owned; sorted at the end, each once */
	size_t n, cap;
};

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, MARK);
}

static void sort(struct marks *m)
{
	size_t i, n = 0;

	if (m->n > 0)
		qsort(m->p, m->n, MARK, by_bytes);
	for (i = 0; i < m->n; i++)
		if (n == 0 || memcmp(m->p[n - 1], m->p[i], MARK) != 0)
			memmove(m->p[n++], m->p[i], MARK);
	m->n = n;
}

static int add(struct walk *w, struct marks *m, const struct transcript_line *l)
{
	uint8_t d[WIRE_HASH];
	int r;

	if (m->n == PART_FRAMES)
		return ERR_LIMIT;
	if ((r = vec_reserve(&m->p, &m->cap, m->n + 1, MARK)) != 0 ||
	    (r = crypto_hash1(w->crypto, d, l->body + WIRE_OFFSET,
		 l->n_body - WIRE_OFFSET)) != 0)
		return r;
	memcpy(m->p[m->n++], d, MARK);
	return 0;
}

/* The frames from one of the two to the other. */
static int marks_of(struct crypto *c, struct marks *m,
    const struct part_talk *own, const uint8_t *other)
{
	struct walk w = {.crypto = c, .files = own->files};
	struct transcript_line l;
	struct direct_head h;
	int r;

	buf_init(&w.body, TRANSCRIPT_LINE_MAX);
	while ((r = next_line(&w, &l)) == 0) {
		if (l.type != TRANSCRIPT_DIRECT)
			continue;
		if ((r = direct_head_decode(&h, l.body, l.n_body)) != 0)
			break;
		if ((memcmp(h.from, own->writer, WIRE_HASH) == 0 &&
			memcmp(h.to, other, WIRE_HASH) == 0) ||
		    (memcmp(h.to, own->writer, WIRE_HASH) == 0 &&
			memcmp(h.from, other, WIRE_HASH) == 0))
			if ((r = add(&w, m, &l)) != 0)
				break;
	}
	linefile_free(w.in);
	buf_free(&w.body);
	sort(m);
	return r == ERR_AGAIN ? 0 : r;
}

int part_talk(struct crypto *c, struct part_result *out,
    const struct part_talk *a, const struct part_talk *b)
{
	struct marks x = {.n = 0}, y = {.n = 0};
	size_t i = 0, k = 0;
	int r, order;

	memset(out, 0, sizeof(*out));
	if ((r = marks_of(c, &x, a, b->writer)) == 0)
		r = marks_of(c, &y, b, a->writer);
	while (r == 0 && i < x.n && k < y.n) {
		order = memcmp(x.p[i], y.p[k], MARK);
		out->common += order == 0;
		i += order <= 0;
		k += order >= 0;
	}
	out->only_a = x.n - out->common;
	out->only_b = y.n - out->common;
	free(x.p);
	free(y.p);
	return r;
}
