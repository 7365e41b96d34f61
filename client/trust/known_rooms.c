/* known_rooms.c - reads and writes what of rooms' logs the user has seen. */
#include "client/trust/known_rooms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/records.h"
#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

struct known_rooms {
	char *path;
	struct known_room *room; /* owned; the longest unused first */
	size_t n, cap;
	bool changed;
	uint64_t next_ms; /* it may be written again then */
};

/* --- reading -------------------------------------------------------------- */

/* A records_fn: takes the room of a line as shown. */
static int parse(void *arg, const char *line, size_t n, const char **wrong)
{
	struct known_room room = {.name = ""};
	const char *word;
	size_t len;

	*wrong = "its first word is no name of a room";
	if (!records_word(&line, &n, &word, &len) || len > WIRE_ROOM_MAX ||
	    !text_room(word, len))
		return ERR_USAGE;
	memcpy(room.name, word, len);
	*wrong = "its second word is not the log of a room";
	if (!records_word(&line, &n, &word, &len) ||
	    b64url_decode32(room.log, word, len) != 0)
		return ERR_USAGE;
	*wrong = "its third word is not the number of an entry";
	if (!records_word(&line, &n, &word, &len) ||
	    !records_number(word, len, INT64_MAX, &room.shown.offset))
		return ERR_USAGE;
	*wrong = "its fourth word is not the chain of a log";
	if (!records_word(&line, &n, &word, &len) ||
	    b64url_decode32(room.shown.chain, word, len) != 0)
		return ERR_USAGE;
	*wrong = "it has more than four words";
	if (records_word(&line, &n, &word, &len))
		return ERR_USAGE;
	known_rooms_set(arg, &room);
	return 0;
}

int known_rooms_open(
    struct known_rooms **out, const char *path, struct errmsg *why)
{
	struct known_rooms *k = calloc(1, sizeof(*k));
	struct buf text;
	int r;

	*out = NULL;
	if (k == NULL || (k->path = strdup(path)) == NULL) {
		free(k);
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	buf_init(&text, FILE_MAX + 1);
	r = file_read(path, FILE_PRIVATE | FILE_NO_LINK, &text, why);
	if (r == ERR_AGAIN)
		r = 0;
	else if (r == 0)
		r = records_each(path, text.p, text.len, parse, k, why);
	k->changed = false;
	buf_free(&text);
	if (r == ERR_USAGE)
		k->n = 0;
	if (r == 0 || r == ERR_USAGE)
		*out = k;
	else
		known_rooms_free(k);
	return r;
}

void known_rooms_free(struct known_rooms *k)
{
	if (k == NULL)
		return;
	free(k->room);
	free(k->path);
	free(k);
}

/* --- looking up and changing ---------------------------------------------- */

/* The place of a room; n: it is unknown. */
static size_t find(const struct known_rooms *k, const char *name)
{
	size_t i;

	for (i = 0; i < k->n && !text_same_name(k->room[i].name, name); i++)
		;
	return i;
}

const struct known_room *known_rooms_find(
    const struct known_rooms *k, const char *name)
{
	const size_t i = find(k, name);

	return i < k->n ? &k->room[i] : NULL;
}

void known_rooms_set(struct known_rooms *k, const struct known_room *room)
{
	size_t i = find(k, room->name);

	if (i < k->n &&
	    memcmp(&k->room[i].shown, &room->shown, sizeof(room->shown)) == 0 &&
	    memcmp(k->room[i].log, room->log, WIRE_LOG) == 0)
		return;
	if (i == k->n && k->n == KNOWN_ROOMS_MAX)
		i = 0;
	if (i == k->n) {
		if (vec_reserve(
			&k->room, &k->cap, k->n + 1, sizeof(k->room[0])) != 0)
			return;
		k->n++;
	} else {
		memmove(&k->room[i], &k->room[i + 1],
		    (k->n - i - 1) * sizeof(k->room[0]));
	}
	k->room[k->n - 1] = *room;
	k->changed = true;
}

static bool known(
    void *arg, const char *room, uint8_t log[WIRE_LOG], struct log_head *shown)
{
	const struct known_room *r = known_rooms_find(arg, room);

	if (r == NULL)
		return false;
	memcpy(log, r->log, WIRE_LOG);
	*shown = r->shown;
	return true;
}

struct rooms_ops known_rooms_ops(struct known_rooms *k)
{
	return (struct rooms_ops){.known = k != NULL ? known : NULL,
	    .arg = k};
}

static void take(struct known_rooms *k, const struct session *s)
{
	struct session_room_status st;
	struct known_room room = {.name = ""};
	const struct chatroom *const *rooms;
	size_t i, n;

	rooms = session_rooms(s, &n);
	for (i = 0; i < n; i++) {
		if (!session_room_shown(s, rooms[i], room.log, &room.shown))
			continue;
		session_room_status(s, rooms[i], &st);
		memset(room.name, 0, sizeof(room.name));
		memcpy(room.name, st.name, strlen(st.name));
		known_rooms_set(k, &room);
	}
}

/* --- writing -------------------------------------------------------------- */

enum { LINE_MAX_LEN = WIRE_ROOM_MAX + 2 * B64URL_32 + 32 };

int known_rooms_flush(struct known_rooms *k, struct errmsg *why)
{
	char log[B64URL_32 + 1], chain[B64URL_32 + 1], line[LINE_MAX_LEN];
	struct buf text;
	size_t i;
	int r = 0;

	if (k == NULL || !k->changed)
		return 0;
	k->changed = false;
	buf_init(&text, FILE_MAX);
	for (i = 0; r == 0 && i < k->n; i++) {
		b64url_encode32(log, k->room[i].log);
		b64url_encode32(chain, k->room[i].shown.chain);
		snprintf(line, sizeof(line), "%s %s %" PRIu64 " %s\n",
		    k->room[i].name, log, k->room[i].shown.offset, chain);
		r = buf_str(&text, line);
	}
	if (r != 0)
		(void)errmsg_set(why, r, "%s: %s", k->path, err_str(r));
	else
		r = file_write(k->path, text.p, text.len, FILE_CACHE, why);
	buf_free(&text);
	return r;
}

int known_rooms_keep(struct known_rooms *k, const struct session *s,
    uint64_t now_ms, struct errmsg *why)
{
	if (k == NULL)
		return 0;
	take(k, s);
	if (!k->changed || now_ms < k->next_ms)
		return 0;
	k->next_ms = now_ms + KNOWN_ROOMS_MS;
	return known_rooms_flush(k, why);
}

uint64_t known_rooms_deadline(const struct known_rooms *k)
{
	return k != NULL && k->changed ? k->next_ms : UINT64_MAX;
}
