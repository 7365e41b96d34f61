/* store_wire.c - encodes and decodes the messages between relay and keeper. */
#include "server/store/store_wire.h"

#include <string.h>

#define OFFSET_MAX ((uint64_t)INT64_MAX)

/* --- frames -------------------------------------------------------------- */

int store_frame_next(struct store_frame *out, const uint8_t *p, size_t n)
{
	uint32_t len;

	if (n < STORE_FRAME_HEAD)
		return ERR_AGAIN;
	len = get_u32(p);
	if (len < 1 || len > STORE_FRAME_MAX || p[4] < STORE_RUN ||
	    p[4] > STORE_BACKED_UP)
		return ERR_RANGE;
	if (len > n - 4)
		return ERR_AGAIN;
	out->kind = p[4];
	out->body = (struct rd){p + STORE_FRAME_HEAD, len - 1};
	out->size = 4 + (size_t)len;
	return 0;
}

int store_frame_begin(struct buf *b, uint8_t kind, size_t *at)
{
	int r;

	*at = b->len;
	if ((r = buf_u32(b, 0)) != 0 || (r = buf_u8(b, kind)) != 0)
		buf_truncate(b, *at);
	return r;
}

int store_frame_end(struct buf *b, size_t at, size_t more)
{
	size_t n = b->len - at - 4;

	if (n > STORE_FRAME_MAX || more > STORE_FRAME_MAX - n) {
		buf_truncate(b, at);
		return ERR_LIMIT;
	}
	put_u32(b->p + at, (uint32_t)(n + more));
	return 0;
}

int store_frame_ticket(struct buf *b, uint8_t kind, uint64_t n)
{
	size_t at;
	int r = store_frame_begin(b, kind, &at);

	if (r != 0)
		return r;
	if ((r = buf_u64(b, n)) != 0) {
		buf_truncate(b, at);
		return r;
	}
	return store_frame_end(b, at, 0);
}

int store_frame_sentence(struct buf *b, uint8_t kind, const char *text)
{
	size_t at;
	int r = store_frame_begin(b, kind, &at);

	if (r != 0)
		return r;
	if ((r = store_string_put(b, text)) != 0) {
		buf_truncate(b, at);
		return r;
	}
	return store_frame_end(b, at, 0);
}

/* --- bodies -------------------------------------------------------------- */

int store_string_put(struct buf *b, const char *s)
{
	size_t n = strlen(s);
	int r;

	if (n > UINT32_MAX)
		return ERR_LIMIT;
	if ((r = buf_u32(b, (uint32_t)n)) != 0)
		return r;
	return buf_put(b, s, n + 1);
}

int store_string_get(struct rd *r, const char **out, size_t max)
{
	const uint8_t *p;
	uint32_t n;
	int e;

	if ((e = rd_u32(r, &n)) != 0)
		return e;
	if (n > max)
		return ERR_RANGE;
	if ((e = rd_bytes(r, &p, (size_t)n + 1)) != 0)
		return e;
	if (memchr(p, 0, (size_t)n + 1) != p + n)
		return ERR_RANGE;
	*out = (const char *)p;
	return 0;
}

static int end(const struct rd *r)
{
	return r->left == 0 ? 0 : ERR_RANGE;
}

static int get_offset(struct rd *r, uint64_t *out)
{
	int e = rd_u64(r, out);

	return e != 0 ? e : *out > OFFSET_MAX ? ERR_RANGE : 0;
}

static int get_room(struct rd *r, uint32_t *out)
{
	int e = rd_u32(r, out);

	return e != 0 ? e : *out == 0 ? ERR_RANGE : 0;
}

/* Bits of a byte of flags. */
enum {
	ROOM_LISTED = 1,
	ROOM_INVITED = 2,
	ROOM_OPERATORS = 4,
	ROOM_SEALED = 8,
	ROOM_MAKER = 16,
	ROOM_ENTERED = 32,
	ROOM_FLAGS = 63,

	RIGHT_ROLE = 1,
	RIGHT_INVITED = 2,
	RIGHT_BANNED = 4,
	RIGHT_MUTED = 8,
	RIGHT_MEMBER = 16,
	RIGHT_FLAGS = 31,
};

int store_room_put(struct buf *b, const struct store_room *r)
{
	const struct room_settings *s = &r->settings;
	unsigned flags = (s->listed ? ROOM_LISTED : 0u) |
			 (s->invited ? ROOM_INVITED : 0u) |
			 (s->operators_only ? ROOM_OPERATORS : 0u) |
			 (s->sealed ? ROOM_SEALED : 0u) |
			 (r->maker != NULL ? ROOM_MAKER : 0u) |
			 (r->entered ? ROOM_ENTERED : 0u);
	static const uint8_t nobody[WIRE_ED25519];
	int e;

	if ((e = buf_u32(b, r->id)) != 0 ||
	    (e = buf_u8(b, (uint8_t)flags)) != 0 ||
	    (e = buf_u8(b, (uint8_t)s->history)) != 0 ||
	    (e = buf_u32(b, s->keep_days)) != 0 ||
	    (e = buf_u32(b, s->keep_count)) != 0 ||
	    (e = buf_put(
		 b, r->maker != NULL ? r->maker : nobody, WIRE_ED25519)) != 0 ||
	    (e = buf_put(b, r->log, WIRE_LOG)) != 0 ||
	    (e = store_string_put(b, r->name)) != 0)
		return e;
	return store_string_put(b, r->topic);
}

int store_room_get(struct rd *r, struct store_room *out)
{
	struct room_settings *s = &out->settings;
	uint8_t flags, history;
	int e;

	memset(out, 0, sizeof(*out));
	if ((e = get_room(r, &out->id)) != 0 || (e = rd_u8(r, &flags)) != 0 ||
	    (e = rd_u8(r, &history)) != 0 ||
	    (e = rd_u32(r, &s->keep_days)) != 0 ||
	    (e = rd_u32(r, &s->keep_count)) != 0 ||
	    (e = rd_bytes(r, &out->maker, WIRE_ED25519)) != 0 ||
	    (e = rd_bytes(r, &out->log, WIRE_LOG)) != 0 ||
	    (e = store_string_get(r, &out->name, WIRE_ROOM_MAX)) != 0 ||
	    (e = store_string_get(r, &out->topic, WIRE_SHORT_TEXT_MAX)) != 0)
		return e;
	if (flags > ROOM_FLAGS || history > HISTORY_ALL || out->name[0] == '\0')
		return ERR_RANGE;
	s->listed = (flags & ROOM_LISTED) != 0;
	s->invited = (flags & ROOM_INVITED) != 0;
	s->operators_only = (flags & ROOM_OPERATORS) != 0;
	s->sealed = (flags & ROOM_SEALED) != 0;
	s->history = (enum room_history)history;
	out->entered = (flags & ROOM_ENTERED) != 0;
	if ((flags & ROOM_MAKER) == 0)
		out->maker = NULL;
	return 0;
}

int store_head_put(struct buf *b, const struct log_head *h)
{
	int e = buf_u64(b, h->offset);

	return e != 0 ? e : buf_put(b, h->chain, WIRE_HASH);
}

int store_head_get(struct rd *r, struct log_head *out)
{
	const uint8_t *chain;
	int e;

	if ((e = get_offset(r, &out->offset)) != 0 ||
	    (e = rd_bytes(r, &chain, WIRE_HASH)) != 0)
		return e;
	memcpy(out->chain, chain, WIRE_HASH);
	return end(r);
}

int store_right_put(struct buf *b, const struct store_right *r)
{
	unsigned flags = (r->has_role ? RIGHT_ROLE : 0u) |
			 (r->invited ? RIGHT_INVITED : 0u) |
			 (r->banned ? RIGHT_BANNED : 0u) |
			 (r->muted ? RIGHT_MUTED : 0u) |
			 (r->member ? RIGHT_MEMBER : 0u);
	int e;

	if ((e = buf_u32(b, r->room)) != 0 ||
	    (e = buf_put(b, r->identity, WIRE_ED25519)) != 0 ||
	    (e = buf_u8(b, (uint8_t)flags)) != 0 ||
	    (e = buf_u8(b, (uint8_t)(r->role - ROLE_GUEST))) != 0 ||
	    (e = buf_u64(b, r->ban_until)) != 0 ||
	    (e = buf_u64(b, r->mute_until)) != 0 ||
	    (e = buf_u64(b, r->since)) != 0 ||
	    (e = buf_u32(b, r->since_run)) != 0 ||
	    (e = buf_u32(b, r->since_epoch)) != 0)
		return e;
	return store_string_put(b, r->name);
}

int store_right_take(struct rd *r, struct store_right *out)
{
	uint8_t flags, role;
	int e;

	memset(out, 0, sizeof(*out));
	if ((e = rd_u32(r, &out->room)) != 0 ||
	    (e = rd_bytes(r, &out->identity, WIRE_ED25519)) != 0 ||
	    (e = rd_u8(r, &flags)) != 0 || (e = rd_u8(r, &role)) != 0 ||
	    (e = get_offset(r, &out->ban_until)) != 0 ||
	    (e = get_offset(r, &out->mute_until)) != 0 ||
	    (e = get_offset(r, &out->since)) != 0 ||
	    (e = rd_u32(r, &out->since_run)) != 0 ||
	    (e = rd_u32(r, &out->since_epoch)) != 0 ||
	    (e = store_string_get(r, &out->name, WIRE_NAME_MAX)) != 0)
		return e;
	if (flags > RIGHT_FLAGS || role > ROLE_OWNER - ROLE_GUEST)
		return ERR_RANGE;
	out->has_role = (flags & RIGHT_ROLE) != 0;
	out->invited = (flags & RIGHT_INVITED) != 0;
	out->banned = (flags & RIGHT_BANNED) != 0;
	out->muted = (flags & RIGHT_MUTED) != 0;
	out->member = (flags & RIGHT_MEMBER) != 0;
	out->role = (enum role)(role + ROLE_GUEST);
	return 0;
}

int store_right_get(struct rd *r, struct store_right *out)
{
	int e = store_right_take(r, out);

	return e != 0 ? e : end(r);
}

int store_epoch_put(struct buf *b, const struct store_epoch *e)
{
	int r;

	if ((r = buf_u32(b, e->room)) != 0 || (r = buf_u32(b, e->epoch)) != 0 ||
	    (r = buf_put(b, e->base, WIRE_KEY)) != 0)
		return r;
	return buf_put(b, e->roster, WIRE_HASH);
}

int store_epoch_get(struct rd *r, struct store_epoch *out)
{
	int e;

	if ((e = get_room(r, &out->room)) != 0 ||
	    (e = rd_u32(r, &out->epoch)) != 0 ||
	    (e = rd_bytes(r, &out->base, WIRE_KEY)) != 0 ||
	    (e = rd_bytes(r, &out->roster, WIRE_HASH)) != 0)
		return e;
	return end(r);
}

int store_person_put(struct buf *b, const struct store_person *p)
{
	int r;

	if (p->len > STORE_PERSON_MAX)
		return ERR_LIMIT;
	if ((r = buf_u32(b, p->member)) != 0)
		return r;
	return buf_put(b, p->json, p->len);
}

int store_person_get(struct rd *r, struct store_person *out)
{
	const uint8_t *json;
	int e;

	if ((e = rd_u32(r, &out->member)) != 0)
		return e;
	if (r->left == 0 || r->left > STORE_PERSON_MAX)
		return ERR_RANGE;
	out->len = r->left;
	if ((e = rd_bytes(r, &json, out->len)) != 0)
		return e;
	out->json = (const char *)json;
	return 0;
}

int store_entry_put(struct buf *b, const struct store_entry *e)
{
	int r;

	if ((r = buf_u32(b, e->room)) != 0 || (r = buf_u64(b, e->ts_ms)) != 0 ||
	    (r = buf_u64(b, e->head.offset)) != 0 ||
	    (r = buf_put(b, e->before, WIRE_HASH)) != 0)
		return r;
	return buf_put(b, e->head.chain, WIRE_HASH);
}

int store_entry_get(
    struct rd *r, struct store_entry *out, struct group_head *head)
{
	const uint8_t *before, *chain;
	int e;

	memset(out, 0, sizeof(*out));
	if ((e = get_room(r, &out->room)) != 0 ||
	    (e = get_offset(r, &out->ts_ms)) != 0 ||
	    (e = get_offset(r, &out->head.offset)) != 0 ||
	    (e = rd_bytes(r, &before, WIRE_HASH)) != 0 ||
	    (e = rd_bytes(r, &chain, WIRE_HASH)) != 0)
		return e;
	memcpy(out->before, before, WIRE_HASH);
	memcpy(out->head.chain, chain, WIRE_HASH);
	out->len = r->left;
	if ((e = rd_bytes(r, &out->bytes, out->len)) != 0 ||
	    (e = group_head_decode(head, out->bytes, out->len)) != 0)
		return e;
	/* The frame says itself where it belongs. */
	return out->head.offset != 0 && head->room == out->room ? 0 : ERR_RANGE;
}

int store_question_put(struct buf *b, const struct store_question *q)
{
	int r;

	if ((r = buf_u8(b, q->of_device ? 1 : 0)) != 0 ||
	    (r = buf_put(b, q->device, sizeof(q->device))) != 0 ||
	    (r = buf_u32(b, q->room)) != 0 || (r = buf_u32(b, q->count)) != 0 ||
	    (r = buf_u64(b, q->first)) != 0 ||
	    (r = buf_u8(b, q->before ? 1 : 0)) != 0)
		return r;
	return buf_u64(b, q->bytes);
}

int store_question_get(struct rd *r, struct store_question *out)
{
	uint8_t of_device, before;
	const uint8_t *device;
	uint64_t bytes;
	int e;

	memset(out, 0, sizeof(*out));
	if ((e = rd_u8(r, &of_device)) != 0 ||
	    (e = rd_bytes(r, &device, sizeof(out->device))) != 0 ||
	    (e = rd_u32(r, &out->room)) != 0 ||
	    (e = rd_u32(r, &out->count)) != 0 ||
	    (e = get_offset(r, &out->first)) != 0 ||
	    (e = rd_u8(r, &before)) != 0 || (e = rd_u64(r, &bytes)) != 0)
		return e;
	if (out->count < 1 || out->count > STORE_COUNT_MAX || before > 1 ||
	    bytes > STORE_ANSWER_MAX || of_device > 1 ||
	    (of_device == 0) == (out->room == 0))
		return ERR_RANGE;
	out->of_device = of_device == 1;
	memcpy(out->device, device, sizeof(out->device));
	out->before = before == 1;
	out->bytes = (size_t)bytes;
	return end(r);
}

int store_range_put(struct buf *b, const struct store_range_head *h)
{
	int r;

	if ((r = buf_u64(b, h->id)) != 0 ||
	    (r = buf_u8(b, h->failed ? 1 : 0)) != 0 ||
	    (r = buf_u64(b, h->oldest)) != 0)
		return r;
	return buf_put(b, h->before, WIRE_HASH);
}

int store_range_get(struct rd *r, struct store_range_head *out)
{
	const uint8_t *before;
	uint8_t failed;
	int e;

	if ((e = rd_u64(r, &out->id)) != 0 || (e = rd_u8(r, &failed)) != 0 ||
	    (e = get_offset(r, &out->oldest)) != 0 ||
	    (e = rd_bytes(r, &before, WIRE_HASH)) != 0)
		return e;
	if (failed > 1)
		return ERR_RANGE;
	out->failed = failed == 1;
	memcpy(out->before, before, WIRE_HASH);
	return end(r);
}

int store_kept_put(struct buf *b, const struct store_kept_entry *k)
{
	int r;

	if ((r = buf_u64(b, k->offset)) != 0 || (r = buf_u32(b, k->run)) != 0 ||
	    (r = buf_put(b, k->digest, WIRE_HASH)) != 0)
		return r;
	return k->bytes != NULL ? buf_put(b, k->bytes, k->len) : 0;
}

int store_kept_get(struct rd *r, struct store_kept_entry *out)
{
	struct group_head head;
	int e;

	if ((e = get_offset(r, &out->offset)) != 0 ||
	    (e = rd_u32(r, &out->run)) != 0 ||
	    (e = rd_bytes(r, &out->digest, WIRE_HASH)) != 0)
		return e;
	out->len = r->left;
	if ((e = rd_bytes(r, &out->bytes, out->len)) != 0)
		return e;
	if (out->offset == 0)
		return ERR_RANGE;
	if (out->len > 0)
		return group_head_decode(&head, out->bytes, out->len);
	out->bytes = NULL;
	return 0;
}

int store_kept_run_put(struct buf *b, const struct store_kept_session *k)
{
	int r = buf_u32(b, k->run);

	return r != 0 ? r : buf_put(b, k->session, WIRE_NONCE);
}

int store_kept_run_get(struct rd *r, struct store_kept_session *out)
{
	int e;

	if ((e = rd_u32(r, &out->run)) != 0 ||
	    (e = rd_bytes(r, &out->session, WIRE_NONCE)) != 0)
		return e;
	return end(r);
}
