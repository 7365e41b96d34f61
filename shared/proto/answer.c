/* answer.c - encodes and decodes the answers to requests. */
#include <string.h>

#include "shared/proto/request.h"
#include "shared/wire/text.h"

static int get_failure(struct answer *a, const json_t *o)
{
	int r = json_text(o, "code", a->word, WIRE_CODE_MAX);

	if (r != 0)
		return r;
	a->code = wire_code_of(a->word);
	return json_text(o, "text", a->text, WIRE_SHORT_TEXT_MAX);
}

/* The id and secret of a new invite. */
static int get_invite(struct answer *a, const json_t *o)
{
	int r;

	if (json_object_get(o, "secret") == NULL)
		return 0;
	if ((r = json_text(o, "id", a->id, WIRE_INVITE_ID)) != 0 ||
	    (r = json_text(o, "secret", a->secret, WIRE_INVITE_SECRET)) != 0)
		return r;
	return text_invite_id(a->id, strlen(a->id)) &&
		       text_invite_secret(a->secret, strlen(a->secret))
		   ? 0
		   : ERR_RANGE;
}

static int get_receipt(struct answer *a, const json_t *o)
{
	a->has_receipt = json_object_get(o, "signature") != NULL;
	return a->has_receipt ? receipt_get(&a->receipt, o) : 0;
}

/* An answer has one of these at most. */
static int which(struct answer *a, const json_t *o)
{
	a->has_rooms = json_object_get(o, "rooms") != NULL;
	a->has_devices = json_object_get(o, "devices") != NULL;
	a->has_invites = json_object_get(o, "invites") != NULL;
	a->has_page = json_object_get(o, "prekeys") != NULL;
	a->has_mine = json_object_get(o, "once") != NULL;
	a->has_blocks = json_object_get(o, "blocks") != NULL;
	return a->has_rooms + a->has_devices + a->has_invites + a->has_page +
			   a->has_mine + a->has_blocks >
		       1
		   ? ERR_JSON
		   : 0;
}

static int get_lists(struct answer *a, const json_t *o)
{
	int r = which(a, o);

	if (r != 0)
		return r;
	if (a->has_devices)
		return account_devices_decode(a->devices, &a->n_devices, o);
	if (a->has_page)
		return prekeys_page_decode(&a->page, o);
	if (a->has_mine)
		return prekeys_mine_decode(&a->mine, o);
	if (a->has_blocks)
		return blocks_decode(&a->blocks, o);
	if (a->has_rooms)
		r = room_infos_decode(a->rooms, &a->n_rooms, o);
	else if (a->has_invites)
		r = account_invites_decode(a->invites, &a->n_invites, o);
	else
		return get_invite(a, o);
	return r != 0 ? r : json_u63(o, "total", &a->total);
}

int answer_decode(struct answer *out, bool done, const json_t *o)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->done = done;
	if ((r = request_number(o, &out->number)) != 0)
		return r;
	if (!done)
		return get_failure(out, o);
	if (json_object_get(o, "room") != NULL &&
	    (r = json_member(o, "room", &out->room)) != 0)
		return r;
	if ((r = get_receipt(out, o)) != 0)
		return r;
	out->has_blob = json_object_get(o, "blob") != NULL;
	if (out->has_blob && (r = blob_state_get(&out->blob, o)) != 0)
		return r;
	return get_lists(out, o);
}

static void begin(
    struct json_w *w, struct buf *out, const char *type, uint32_t number)
{
	json_begin(w, out);
	json_put_str(w, "type", type);
	json_put_int(w, "req", number);
}

int answer_done(struct buf *out, uint32_t number, uint32_t room)
{
	struct json_w w;

	begin(&w, out, "done", number);
	if (room != 0)
		json_put_int(&w, "room", room);
	return json_end_padded(&w);
}

int answer_rooms(struct buf *out, uint32_t number,
    const struct room_info *rooms, size_t n, uint64_t total)
{
	struct json_w w;

	begin(&w, out, "done", number);
	room_infos_encode(&w, rooms, n);
	json_put_u63(&w, "total", total);
	return json_end_padded(&w);
}

int answer_devices(struct buf *out, uint32_t number,
    const struct account_device *devices, size_t n)
{
	struct json_w w;

	begin(&w, out, "done", number);
	account_devices_encode(&w, devices, n);
	return json_end_padded(&w);
}

int answer_invites(struct buf *out, uint32_t number,
    const struct account_invite *invites, size_t n, uint64_t total)
{
	struct json_w w;

	begin(&w, out, "done", number);
	account_invites_encode(&w, invites, n);
	json_put_u63(&w, "total", total);
	return json_end_padded(&w);
}

int answer_invite(struct buf *out, uint32_t number,
    const char id[WIRE_INVITE_ID + 1],
    const char secret[WIRE_INVITE_SECRET + 1])
{
	struct json_w w;

	begin(&w, out, "done", number);
	json_put_str(&w, "id", id);
	json_put_str(&w, "secret", secret);
	return json_end_padded(&w);
}

int answer_receipt(struct buf *out, uint32_t number, const struct receipt *r)
{
	struct json_w w;

	begin(&w, out, "done", number);
	receipt_put(&w, r);
	return json_end_padded(&w);
}

int answer_prekeys(
    struct buf *out, uint32_t number, const struct prekeys_page *p)
{
	struct json_w w;

	begin(&w, out, "done", number);
	prekeys_page_encode(&w, p);
	return json_end_padded(&w);
}

int answer_prekeys_mine(
    struct buf *out, uint32_t number, const struct prekeys_mine *m)
{
	struct json_w w;

	begin(&w, out, "done", number);
	prekeys_mine_encode(&w, m);
	return json_end_padded(&w);
}

int answer_blocks(struct buf *out, uint32_t number, const struct blocks *b)
{
	struct json_w w;

	begin(&w, out, "done", number);
	blocks_encode(&w, b);
	return json_end_padded(&w);
}

int answer_blob(
    struct buf *out, uint32_t number, const struct blob_state *s)
{
	struct json_w w;

	begin(&w, out, "done", number);
	blob_state_put(&w, s);
	return json_end_padded(&w);
}

int answer_failed(
    struct buf *out, uint32_t number, enum wire_code code, const char *text)
{
	struct json_w w;

	begin(&w, out, "failed", number);
	json_put_str(&w, "code", wire_code_word(code));
	json_put_str(&w, "text", text);
	return json_end_padded(&w);
}
