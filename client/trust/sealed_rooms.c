/* sealed_rooms.c - reads and writes the secrets of sealed rooms. */
#include "client/trust/sealed_rooms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/records.h"
#include "client/trust/sealed_file.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/proto/seal.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

static const struct sealed_file_kind kind = {"conclave sealed rooms 1\n",
    "conclave/1 sealed rooms file",
    "it says which rooms are sealed, and has their secrets. Put it back from "
    "a copy; without it those rooms need their invites again"};

struct sealed_room {
	char name[WIRE_ROOM_MAX + 1];
	bool given; /* not to be written */
	struct seal_secret of;
};

struct sealed_rooms {
	char *path;		  /* or NULL */
	struct sealed_file *file; /* owned; NULL without a path */
	struct sealed_room *room; /* owned, in secure memory; the oldest first */
	size_t n, cap;
	bool failed;
	struct errmsg why;
};

/* --- the list -------------------------------------------------------------- */

static int reserve(struct sealed_rooms *s)
{
	if (s->n == SEALED_ROOMS_MAX) {
		s->n--;
		memmove(&s->room[0], &s->room[1], s->n * sizeof(s->room[0]));
	}
	return vec_reserve_secret(
	    &s->room, &s->cap, s->n + 1, sizeof(*s->room));
}

/* The entry of that secret, which is made if need be; NULL: no memory. */
static struct sealed_room *entry(
    struct sealed_rooms *s, const char *name, const uint8_t secret[WIRE_KEY])
{
	struct sealed_room *e;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (text_same_name(s->room[i].name, name) &&
		    secret_equal(s->room[i].of.secret, secret, WIRE_KEY))
			return &s->room[i];
	if (reserve(s) != 0)
		return NULL;
	e = &s->room[s->n++];
	memset(e, 0, sizeof(*e));
	memcpy(e->name, name, strlen(name) + 1);
	memcpy(e->of.secret, secret, WIRE_KEY);
	e->given = true;
	return e;
}

/* --- reading --------------------------------------------------------------- */

/* A records_fn: adds the secret of a line. */
static int parse(void *arg, const char *line, size_t n, const char **wrong)
{
	struct sealed_rooms *s = arg;
	char name[WIRE_ROOM_MAX + 1] = "";
	struct seal_secret of;
	struct sealed_room *e;
	const char *word;
	uint64_t number;
	size_t len;

	*wrong = "its first word is no name of a room";
	if (!records_word(&line, &n, &word, &len) || len > WIRE_ROOM_MAX ||
	    !text_room(word, len))
		return ERR_USAGE;
	memcpy(name, word, len);
	*wrong = "its second word is not the number of a secret";
	if (!records_word(&line, &n, &word, &len) ||
	    !records_number(word, len, SEAL_GENERATION_MAX, &number))
		return ERR_USAGE;
	*wrong = "its third word is not a secret";
	if (!records_word(&line, &n, &word, &len) ||
	    b64url_decode32(of.secret, word, len) != 0)
		return ERR_USAGE;
	e = entry(s, name, of.secret);
	secret_wipe(of.secret, sizeof(of.secret));
	if (e == NULL)
		return ERR_NOMEM;
	e->of.generation = (uint32_t)number;
	e->given = false;
	*wrong = "it has more than three words";
	return records_word(&line, &n, &word, &len) ? ERR_USAGE : 0;
}

/* --- writing --------------------------------------------------------------- */

static int put_line(struct buf *out, const struct sealed_room *e)
{
	char secret[B64URL_32 + 1], number[16];
	int r;

	b64url_encode32(secret, e->of.secret);
	snprintf(number, sizeof(number), " %" PRIu32 " ", e->of.generation);
	if ((r = buf_str(out, e->name)) == 0 &&
	    (r = buf_str(out, number)) == 0 &&
	    (r = buf_str(out, secret)) == 0)
		r = buf_u8(out, '\n');
	secret_wipe(secret, sizeof(secret));
	return r;
}

/* A secret that is lost cannot be had again from the server: on disk before it is
 * used, and safe from a power cut. */
static void flush(struct sealed_rooms *s)
{
	struct buf text;
	size_t i;
	int r = 0;

	if (s->path == NULL)
		return;
	buf_init_secret(&text, FILE_MAX);
	for (i = 0; r == 0 && i < s->n; i++)
		if (!s->room[i].given)
			r = put_line(&text, &s->room[i]);
	if (r != 0)
		(void)errmsg_set(&s->why, r, "%s: %s", s->path, err_str(r));
	else
		r = sealed_file_write(s->file, s->path, &text, &s->why);
	s->failed = s->failed || r != 0;
	buf_free(&text);
}

/* --- opening --------------------------------------------------------------- */

/* The file, which an earlier version may have written. */
static int load(struct sealed_rooms *s, struct errmsg *why)
{
	struct buf text;
	bool clear;
	int r;

	buf_init_secret(&text, FILE_MAX);
	r = sealed_file_read(s->file, s->path, &text, &clear, why);
	if (r == 0 && (r = records_each(s->path, text.p, text.len, parse, s,
			   why)) == 0 &&
	    clear && text.len > 0)
		flush(s); /* sealed_rooms_failed tells of an error */
	buf_free(&text);
	return r;
}

int sealed_rooms_open(struct sealed_rooms **out, const char *path,
    const struct identity *identity, struct errmsg *why)
{
	struct sealed_rooms *s = calloc(1, sizeof(*s));
	int r = s != NULL ? 0 : ERR_NOMEM;

	*out = NULL;
	if (r == 0 && path != NULL) {
		s->path = strdup(path);
		r = s->path == NULL
			? ERR_NOMEM
			: sealed_file_new(&s->file, &kind, identity);
	}
	if (r != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	else if (path != NULL)
		r = load(s, why);
	if (r == 0)
		*out = s;
	else
		sealed_rooms_free(s);
	return r;
}

void sealed_rooms_free(struct sealed_rooms *s)
{
	if (s == NULL)
		return;
	secret_free(s->room, s->cap * sizeof(*s->room));
	sealed_file_free(s->file);
	free(s->path);
	free(s);
}

bool sealed_rooms_failed(struct sealed_rooms *s, struct errmsg *why)
{
	const bool failed = s != NULL && s->failed;

	if (failed) {
		*why = s->why;
		s->failed = false;
	}
	return failed;
}

/* --- for the session ------------------------------------------------------- */

bool sealed_rooms_has(const struct sealed_rooms *s, const char *room)
{
	size_t i;

	for (i = 0; s != NULL && i < s->n; i++)
		if (text_same_name(s->room[i].name, room))
			return true;
	return false;
}

void sealed_rooms_give(struct sealed_rooms *s, const char *room,
    const uint8_t secret[WIRE_KEY])
{
	(void)entry(s, room, secret);
}

static bool get(void *arg, const char *room, size_t i, struct seal_secret *out)
{
	const struct sealed_rooms *s = arg;
	size_t k;

	for (k = 0; k < s->n; k++)
		if (text_same_name(s->room[k].name, room) && i-- == 0) {
			*out = s->room[k].of;
			return true;
		}
	return false;
}

static void put(void *arg, const char *room, const struct seal_secret *of)
{
	struct sealed_rooms *s = arg;
	struct sealed_room *e = entry(s, room, of->secret);

	if (e == NULL) {
		s->failed = true;
		(void)errmsg_set(&s->why, ERR_NOMEM,
		    "the secret of a sealed room is not kept: out of memory");
		return;
	}
	e->given = false;
	e->of.generation = of->generation;
	flush(s);
}

struct seals_ops sealed_rooms_ops(struct sealed_rooms *s)
{
	return (struct seals_ops){.get = s != NULL ? get : NULL,
	    .put = s != NULL ? put : NULL,
	    .arg = s};
}
