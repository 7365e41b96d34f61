/* dispatch.c - takes each frame of a linked connection to its room. */
#include "server/room/dispatch.h"

#include <string.h>

#include "server/room/asks.h"
#include "server/room/blob_flow.h"
#include "server/room/asks_direct.h"
#include "server/room/delivery.h"
#include "server/room/registry.h"

#include "shared/proto/control.h"
#include "shared/proto/group.h"

/* --- control frames ------------------------------------------------------ */

static int dispatch_user_list(struct dispatch *d, const struct control *m)
{
	struct member *s =
	    memberships_in(&d->presence.rooms, m->u.user_list.room);

	if (s == NULL)
		return presence_was_in(&d->presence, m->u.user_list.room)
			   ? 0
			   : ERR_ROOM;
	if (!member_is_in(s))
		return ERR_STATE;
	return room_user_list(s, m->u.user_list.room, m->u.user_list.after);
}

/* It may have been put out of its last room meanwhile. */
static int dispatch_nobody(struct dispatch *d, uint32_t member)
{
	struct frame *p = NULL;
	struct buf json;

	if (d->presence.gone == NULL)
		return ERR_STATE;
	buf_init(&json, WIRE_JSON_MAX);
	if (control_error(&json, CODE_NO_MEMBER, wire_code_str(CODE_NO_MEMBER),
		member) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	outq_give(d->presence.out, p);
	return 0;
}

/* The request names no room: any that both are in answers it. */
static int dispatch_identity(struct dispatch *d, const struct control *m)
{
	struct member *s, *asked = NULL;
	size_t i = 0;

	while ((s = memberships_next(&d->presence.rooms, &i)) != NULL)
		if (member_is_in(s)) {
			asked = s;
			if (room_has(s, m->u.identity.member))
				break;
		}
	return asked == NULL ? dispatch_nobody(d, m->u.identity.member)
			     : room_identity(asked, m->u.identity.member);
}

static int dispatch_request(struct dispatch *d, const struct control *m)
{
	if (d->presence.who == NULL)
		return ERR_STATE;
	return asks_handle(&d->presence, &m->u.request);
}

static int dispatch_direct_ack(struct dispatch *d, const struct control *m)
{
	return delivery_ack(&d->presence, m->u.direct_upto);
}

static int dispatch_pong(struct dispatch *d, const struct control *m)
{
	struct buf json;
	int err;

	buf_init(&json, WIRE_JSON_MAX);
	if ((err = control_ping(&json, true, m->u.ping)) == 0)
		outq_give(d->presence.out, frame_control(json.p, json.len));
	buf_free(&json);
	return err;
}

static int dispatch_bye(struct dispatch *d, const struct control *m)
{
	d->said_bye = true;
	d->bye = m->u.end.code;
	return 0;
}

static int dispatch_nothing(struct dispatch *d, const struct control *m)
{
	(void)d;
	(void)m;
	return 0;
}

/* What a client may send, and whether it must be a member of a room to do so.
 * control_decode has refused all other types. */
static const struct dispatch_op {
	bool in_room;
	int (*fn)(struct dispatch *d, const struct control *m);
} dispatch_ops[] = {
    [CONTROL_UNKNOWN] = {false, dispatch_nothing},
    [CONTROL_USER_LIST] = {true, dispatch_user_list},
    [CONTROL_IDENTITY] = {true, dispatch_identity},
    [CONTROL_BYE] = {false, dispatch_bye},
    [CONTROL_PING] = {false, dispatch_pong},
    [CONTROL_PONG] = {false, dispatch_nothing},
    [CONTROL_REQUEST] = {false, dispatch_request},
    [CONTROL_DIRECT_ACK] = {false, dispatch_direct_ack},
};

static int dispatch_control(struct dispatch *d, const uint8_t *body, size_t n)
{
	const struct dispatch_op *op;
	struct control m;
	int err;

	buf_clear(d->json);
	if ((err = link_control_open(d->link, d->json, body, n)) != 0 ||
	    (err = control_decode(&m, FROM_CLIENT, d->json->p, d->json->len)) !=
		0)
		return err;
	if ((size_t)m.type >= sizeof(dispatch_ops) / sizeof(dispatch_ops[0]))
		return ERR_STATE;
	op = &dispatch_ops[m.type];
	if (op->fn == NULL ||
	    (op->in_room && !memberships_any(&d->presence.rooms) &&
		d->presence.gone == NULL))
		return ERR_STATE;
	return op->fn(d, &m);
}

/* --- group frames -------------------------------------------------------- */

/* Of the frame at hand, if its record was opened in this call. */
static const uint8_t *dispatch_digest(const struct dispatch *d)
{
	const struct link_digests *known = d->digests;

	return known == NULL || !d->fresh || d->n_frames > known->n
		   ? NULL
		   : known->p[d->n_frames - 1];
}

static int dispatch_group(struct dispatch *d, const uint8_t *body, size_t n)
{
	struct member *s;
	struct group_head h;
	int err;

	if (!memberships_any(&d->presence.rooms) && d->presence.gone == NULL)
		return ERR_STATE;
	if ((err = group_head_decode(&h, body, n)) != 0)
		return err;
	if ((s = memberships_in(&d->presence.rooms, h.room)) == NULL)
		return presence_was_in(&d->presence, h.room) ? 0 : ERR_ROOM;
	if (!member_is_in(s))
		return ERR_STATE;
	return room_group(s, body, n, dispatch_digest(d));
}

static int dispatch_direct(struct dispatch *d, const uint8_t *body, size_t n)
{
	int err;

	if (d->presence.who == NULL)
		return ERR_STATE;
	buf_clear(d->json);
	if ((err = link_direct_open(d->link, d->json, body, n)) != 0)
		return err;
	return asks_direct_frame(&d->presence, d->json->p, d->json->len);
}

static int dispatch_frame(struct dispatch *d, const struct link_frame *f)
{
	switch (f->kind) {
	case KIND_CONTROL:
		return dispatch_control(d, f->body, f->len);
	case KIND_GROUP:
		counters_add(d->counters, COUNT_FRAMES_IN, 1);
		counters_add(d->counters, COUNT_GROUP_BYTES_IN, f->len);
		return dispatch_group(d, f->body, f->len);
	case KIND_BLOB:
		return blob_flow_piece(&d->presence, f->body, f->len);
	case KIND_DIRECT:
		return dispatch_direct(d, f->body, f->len);
	default:
		return 0; /* a kind from a later version */
	}
}

/* --- records ------------------------------------------------------------- */

/* Once its queue has failed the member has left. Its further frames would
 * look like protocol errors, but are not. */
static bool dispatch_open(const struct dispatch *d)
{
	return !d->limited && !d->said_bye &&
	       d->presence.out->state != OUTQ_FAILED;
}

/* Whoever fills a reader's queue waits until the reader has taken it. Others
 * are heard: nobody sends LIMIT_FAIR a second by hand. Direct frames wait while
 * the store has too much to write. */
static bool dispatch_fair(
    struct dispatch *d, const struct link_frame *f, uint64_t now_ms)
{
	const struct store *store;

	if (f->kind == KIND_DIRECT) {
		store = d->presence.o->registry->room.store;
		return store == NULL || !store_full(store);
	}
	if (f->kind != KIND_GROUP)
		return true;
	if (now_ms - d->second_ms >= 1000) {
		d->second_ms = now_ms;
		d->second_bytes = 0;
	}
	if (d->second_bytes + f->len > LIMIT_FAIR &&
	    memberships_full(&d->presence.rooms))
		return false;
	d->second_bytes += f->len;
	return true;
}

/* False: it has sent enough for now. */
static bool dispatch_may(
    struct dispatch *d, const struct link_frame *f, uint64_t now_ms)
{
	uint64_t rate, bytes;

	if (f->kind == KIND_BLOB &&
	    blob_flow_expects(&d->presence, f->body, f->len))
		return true;
	rate = ratelimit_next(&d->rate, 1, now_ms);
	bytes = ratelimit_next(&d->bytes, f->len, now_ms);
	d->again_ms = rate > bytes ? rate : bytes;
	if (d->again_ms <= now_ms && !dispatch_fair(d, f, now_ms))
		d->again_ms = now_ms + LIMIT_FAIR_MS;
	d->limited = d->again_ms > now_ms;
	return !d->limited && ratelimit_take(&d->rate, 1, now_ms) &&
	       ratelimit_take(&d->bytes, f->len, now_ms);
}

/* Handles the frames of an open record, from where it stopped last time. */
static int dispatch_frames(
    struct dispatch *d, const uint8_t *record, uint64_t now_ms)
{
	struct rd frames = {record + d->frame_at, d->frames_left}, rest;
	struct link_frame f;
	int err;

	while (frames.left > 0 && dispatch_open(d)) {
		rest = frames;
		if ((err = link_next(&rest, &f)) != 0)
			return err;
		if (!dispatch_may(d, &f, now_ms))
			break;
		frames = rest;
		d->n_frames++;
		if ((err = dispatch_frame(d, &f)) != 0)
			return err;
	}
	d->frame_at = (size_t)(frames.p - record);
	d->frames_left = frames.left;
	return 0;
}

static int dispatch_record(struct dispatch *d, const uint8_t *in, size_t n)
{
	struct rd frames;
	size_t total;
	int err;

	if ((err = link_length(in, n, &total)) != 0)
		return err;
	if (n < total)
		return ERR_AGAIN;
	err = d->digests == NULL
		  ? link_open(d->link, in, total, &frames)
		  : link_open_keep(d->link, in, total, &frames, d->digests);
	if (err != 0)
		return err;
	d->opened = d->fresh = true;
	d->n_frames = 0;
	d->record_len = total;
	d->frame_at = (size_t)(frames.p - in);
	d->frames_left = frames.left;
	return 0;
}

int dispatch_input(struct dispatch *d, const uint8_t *in, size_t n,
    uint64_t now_ms, size_t *used)
{
	int err = 0;

	*used = 0;
	d->limited = d->opened = d->fresh = false;
	while (err == 0 && dispatch_open(d)) {
		if (d->record_len == 0)
			err = dispatch_record(d, in + *used, n - *used);
		if (err == 0)
			err = dispatch_frames(d, in + *used, now_ms);
		if (err == 0 && d->frames_left == 0) {
			*used += d->record_len;
			d->record_len = 0;
		}
	}
	return err == ERR_AGAIN ? 0 : err;
}

void dispatch_welcome(struct dispatch *d)
{
	const struct registry_by by = {
	    d->presence.who->name, d->presence.who->account, NULL, 0};
	struct welcome w = {.rooms = WIRE_ROOMS};
	struct standing_rights rights;
	struct frame *p = NULL;
	struct buf json;

	registry_rights(d->presence.o->registry, 0, &by, &rights);
	w.role = rights.role;
	memcpy(w.account, by.name, strnlen(by.name, WIRE_NAME_MAX));
	if (d->presence.o->registry->accounts != NULL)
		(void)accounts_about(d->presence.o->registry->accounts,
		    d->presence.who->account, w.account, &w.password);
	buf_init(&json, WIRE_JSON_MAX);
	if (welcome_encode(&json, &w) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	outq_give(d->presence.out, p);
}

void dispatch_device(struct dispatch *d,
    const uint8_t identity[WIRE_ED25519], uint64_t first_s)
{
	struct device device = {.first_s = first_s};
	struct frame *p = NULL;
	struct buf json;

	memcpy(device.identity, identity, sizeof(device.identity));
	buf_init(&json, WIRE_JSON_MAX);
	if (device_encode(&json, &device) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	outq_give(d->presence.out, p);
}

void dispatch_ping(struct dispatch *d, uint64_t now_ms)
{
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	if (control_ping(&json, false, (int64_t)now_ms) == 0)
		outq_give(d->presence.out, frame_control(json.p, json.len));
	buf_free(&json);
}
