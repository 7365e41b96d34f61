/* Requests without an answer, in the order in which they were made. */
#include "client/session/requests.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/vec.h"
#include "shared/wire/text.h"

struct open {
	struct request q;		   /* without its password: */
	struct account_password *password; /* owned, secret; NULL: none */
	struct chatroom *room;		   /* NULL: the user's */
	bool sent;
	bool again; /* its connection was lost once before it was answered */
};

struct requests {
	struct events *events;	       /* borrowed */
	struct outgoing *out;	       /* borrowed */
	const struct parties *parties; /* borrowed */
	struct open *open;
	size_t n, cap;
	size_t n_sent, others;
	uint32_t last; /* number given */
};

struct requests *requests_new(
    struct events *events, struct outgoing *out, const struct parties *parties)
{
	struct requests *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->events = events;
	r->out = out;
	r->parties = parties;
	return r;
}

void requests_free(struct requests *r)
{
	if (r == NULL)
		return;
	requests_clear(r);
	free(r->open);
	free(r);
}

/* About files: asked by transfers.h, which looks at the answer itself. */
static bool of_blobs(const struct request *q)
{
	return q->type >= REQUEST_BLOB_NEW && q->type <= REQUEST_BLOB_GONE;
}

static bool of_user(const struct open *o)
{
	return o->room == NULL && !of_blobs(&o->q);
}

static struct open *find(struct requests *r, uint32_t number)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->open[i].q.number == number)
			return &r->open[i];
	return NULL;
}

static void drop(struct requests *r, struct open *o)
{
	size_t i = (size_t)(o - r->open);

	secret_free(o->password, sizeof(*o->password));
	r->n_sent -= o->sent;
	memmove(o, o + 1, (r->n - i - 1) * sizeof(*o));
	r->n--;
}

uint32_t requests_number(struct requests *r)
{
	do
		r->last = r->last == WIRE_REQ_MAX ? 1 : r->last + 1;
	while (find(r, r->last) != NULL);
	return r->last;
}

int requests_put(struct requests *r, const struct request *q,
    struct chatroom *room, uint32_t *number)
{
	int e;

	if (r->n == REQUESTS_MAX)
		return ERR_LIMIT;
	e = vec_reserve(&r->open, &r->cap, r->n + 1, sizeof(*r->open));
	if (e != 0)
		return e;
	r->open[r->n] = (struct open){.q = *q, .room = room};
	secret_wipe(&r->open[r->n].q.password, sizeof(q->password));
	if (q->type == REQUEST_ACCOUNT_PASSWORD) {
		r->open[r->n].password = secret_alloc(sizeof(q->password));
		if (r->open[r->n].password == NULL)
			return ERR_NOMEM;
		*r->open[r->n].password = q->password;
	}
	*number = q->number != 0 ? q->number : requests_number(r);
	r->open[r->n++].q.number = *number;
	return 0;
}

bool requests_ready(const struct requests *r)
{
	return r->n_sent < r->n && r->n_sent + r->others < WIRE_REQUESTS;
}

size_t requests_sent(const struct requests *r)
{
	return r->n_sent;
}

void requests_others(struct requests *r, size_t n)
{
	r->others = n;
}

bool requests_full(const struct requests *r)
{
	return r->n == REQUESTS_MAX;
}

int requests_send(struct requests *r)
{
	struct request q;
	struct buf json;
	size_t i;
	int e = 0;

	buf_init_secret(&json, WIRE_JSON_MAX);
	for (i = 0; e == 0 && i < r->n && requests_ready(r); i++) {
		if (r->open[i].sent)
			continue;
		buf_clear(&json);
		q = r->open[i].q;
		if (r->open[i].password != NULL)
			q.password = *r->open[i].password;
		e = request_encode(&json, &q);
		secret_wipe(&q.password, sizeof(q.password));
		if (e != 0 || (e = outgoing_control(r->out, &json)) != 0)
			break;
		r->open[i].sent = true;
		r->n_sent++;
	}
	buf_free(&json);
	return e;
}

/* --- answers -------------------------------------------------------------- */

/* The names in a page go on after the last one before it; else asking for page
 * after page might never end. */
static bool goes_on(const struct request *q, const struct answer *a)
{
	char before[WIRE_ROOM_MAX + 1], first[WIRE_ROOM_MAX + 1];
	size_t i;

	if (a->n_rooms == 0 || q->name[0] == '\0')
		return true;
	for (i = 0; i < sizeof(before); i++) {
		before[i] = text_lower(q->name[i]);
		first[i] = text_lower(a->rooms[0].name[i]);
	}
	return strcmp(first, before) > 0;
}

static int check(const struct request *q, const struct answer *a)
{
	if (!a->done)
		return 0;
	if (a->has_rooms != (q->type == REQUEST_ROOM_LIST) ||
	    a->has_devices != (q->type == REQUEST_ACCOUNT_DEVICES) ||
	    a->has_invites != (q->type == REQUEST_INVITE_LIST) ||
	    a->has_blocks != (q->type == REQUEST_BLOCKS) || a->has_page ||
	    a->has_mine ||
	    a->has_receipt != (q->type == REQUEST_RECEIPT) ||
	    a->has_blob != (q->type == REQUEST_BLOB_NEW ||
			       q->type == REQUEST_BLOB_HAVE) ||
	    (a->id[0] != '\0') != (q->type == REQUEST_INVITE_NEW))
		return ERR_JSON;
	if ((q->type == REQUEST_ROOM_NEW || q->type == REQUEST_ROOM_JOIN) !=
	    (a->room != 0))
		return ERR_JSON;
	return !a->has_rooms || goes_on(q, a) ? 0 : ERR_RANGE;
}

/* The user's devices, with their fingerprints. */
static int report_devices(
    struct requests *r, const struct request *q, const struct answer *a)
{
	struct event_device rows[WIRE_DEVICES];
	const struct event e = {.type = EVENT_DEVICES,
	    .req = q->number,
	    .asked = q->type,
	    .devices = rows,
	    .n_devices = a->n_devices};
	size_t i;
	int err;

	for (i = 0; i < a->n_devices; i++) {
		memcpy(rows[i].identity, a->devices[i].identity, WIRE_ED25519);
		rows[i].first_s = a->devices[i].first_s;
		rows[i].last_s = a->devices[i].last_s;
		rows[i].here = a->devices[i].here;
		rows[i].self =
		    memcmp(rows[i].identity, r->parties->self.identity,
			WIRE_ED25519) == 0;
		err = ed25519_fingerprint(
		    r->parties->crypto, rows[i].fingerprint, rows[i].identity);
		if (err != 0)
			return err;
	}
	return events_push(r->events, &e);
}

static int report_blocks(
    struct requests *r, const struct request *q, const struct blocks *b)
{
	char names[WIRE_BLOCKS * (WIRE_NAME_MAX + 1) + 1];
	struct event e = {.type = EVENT_BLOCKS,
	    .req = q->number,
	    .asked = q->type,
	    .text = names};
	size_t i, len;

	for (i = 0; i < b->n; i++) {
		len = strlen(b->name[i]);
		memcpy(names + e.text_len, b->name[i], len);
		e.text_len += len;
		names[e.text_len++] = '\n';
	}
	e.text_len -= e.text_len > 0;
	return events_push(r->events, &e);
}

static int report(
    struct requests *r, const struct open *o, const struct answer *a)
{
	const struct request *q = &o->q;
	struct event e = {.type = EVENT_DONE,
	    .req = q->number,
	    .asked = q->type,
	    .who = q->type == REQUEST_BLOCK ? q->who : NULL,
	    .may = o->password != NULL ? !o->password->none : q->on,
	    .room_number = a->room};

	if (a->done && a->has_rooms) {
		e.type = EVENT_ROOMS;
		e.rooms = a->rooms;
		e.n_rooms = a->n_rooms;
		e.total = a->total;
	} else if (a->done && a->has_devices) {
		return report_devices(r, q, a);
	} else if (a->done && a->has_invites) {
		e.type = EVENT_INVITES;
		e.invites = a->invites;
		e.n_invites = a->n_invites;
		e.total = a->total;
	} else if (a->done && a->has_blocks) {
		return report_blocks(r, q, &a->blocks);
	} else if (a->done && a->id[0] != '\0') {
		e.word = a->id;
		e.text = a->secret;
		e.text_len = strlen(a->secret);
	} else if (a->done && a->has_receipt) {
		e.receipt = &a->receipt;
	} else if (!a->done) {
		e.type = EVENT_FAILED;
		e.code = a->code;
		e.word = a->word;
		e.text = a->text;
		e.text_len = strlen(a->text);
	}
	return events_push(r->events, &e);
}

int requests_answer(
    struct requests *r, const struct answer *a, struct asked *out)
{
	struct open *o = find(r, a->number);
	int e;

	if (o == NULL || !o->sent)
		return ERR_STATE;
	if ((e = check(&o->q, a)) != 0)
		return e;
	*out = (struct asked){
	    o->q.type, o->room, o->q.room, o->q.offset};
	if (of_user(o) && (e = report(r, o, a)) != 0)
		return e;
	drop(r, o);
	return 0;
}

void requests_clear(struct requests *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		secret_free(r->open[i].password, sizeof(*r->open[i].password));
	r->n = r->n_sent = 0;
}

static bool is_list(enum request_type type)
{
	return type == REQUEST_ROOM_LIST || type == REQUEST_ACCOUNT_DEVICES ||
	       type == REQUEST_INVITE_LIST || type == REQUEST_BLOCKS;
}

bool requests_may_ask(enum request_type type)
{
	return is_list(type) || type == REQUEST_ROOM_NEW ||
	       type == REQUEST_ROOM_SET || type == REQUEST_ACT ||
	       type == REQUEST_PURGE || type == REQUEST_RECEIPT ||
	       type == REQUEST_ACCOUNT_PASSWORD ||
	       type == REQUEST_ACCOUNT_FORGET || type == REQUEST_INVITE_NEW ||
	       type == REQUEST_INVITE_REVOKE || type == REQUEST_BLOCK;
}

void requests_lost(struct requests *r)
{
	struct event e = {.type = EVENT_FAILED, .word = "lost"};
	size_t i = 0;

	while (i < r->n) {
		struct open *o = &r->open[i];
		bool list = is_list(o->q.type);

		/* A list changes nothing, so it may be asked for again: once,
		 * because the answer may be what ends the connection. */
		if (of_user(o) && (!o->sent || (list && !o->again))) {
			r->n_sent -= o->sent;
			o->again = o->sent;
			o->sent = false;
			i++;
			continue;
		}
		e.text = list ? "the connection was lost twice before the "
				"server answered"
			      : "the connection was lost before the server "
				"answered";
		e.text_len = strlen(e.text);
		e.req = o->q.number;
		e.asked = o->q.type;
		/* Without memory there is no word about it. */
		if (of_user(o))
			(void)!events_push(r->events, &e);
		drop(r, o);
	}
}

size_t requests_open(const struct requests *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += of_user(&r->open[i]);
	return n;
}
