/* The lines of transcripts: their JSON and their hashes. */
#include "shared/proto/transcript.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/crypto/keys.h"
#include "shared/crypto/spki.h"
#include "shared/proto/hashline.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

enum {
#define X(name, code, min, max) name##_MIN = min, name##_MAX = max,
	WIRE_KINDS(X)
#undef X
	/* On a link it is sealed once more. */
	TRANSCRIPT_DIRECT_MIN = WIRE_DIRECT_HEAD + WIRE_SIGNATURE + WIRE_TAG,
};

static const char *const words[] = {
    [TRANSCRIPT_HEAD] = "head",
    [TRANSCRIPT_RUN] = "run",
    [TRANSCRIPT_EPOCH] = "epoch",
    [TRANSCRIPT_PERSON] = "person",
    [TRANSCRIPT_FROM] = "from",
    [TRANSCRIPT_ENTRY] = "entry",
    [TRANSCRIPT_END] = "end",
    [TRANSCRIPT_DEVICE] = "device",
    [TRANSCRIPT_DIRECT] = "direct",
};
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

/* --- writing -------------------------------------------------------------- */

static void put_at(struct json_w *w, const struct log_head *at)
{
	json_put_u63(w, "offset", at->offset);
	json_put_b64(w, "chain", at->chain, WIRE_HASH);
}

static void put_head(struct json_w *w, const struct transcript_line *l)
{
	json_put_str(w, "format",
	    l->direct ? TRANSCRIPT_FORMAT_DIRECT : TRANSCRIPT_FORMAT);
	json_put_u63(w, "number", l->number);
	json_put_b64(w, "previous", l->previous, WIRE_HASH);
	json_put_b64(w, "server", l->server, WIRE_ED25519);
	if (l->direct) {
		json_put_str(w, "with", l->with);
	} else {
		json_put_str(w, "room", l->room);
		json_put_b64(w, "log", l->log, WIRE_LOG);
	}
	json_put_str(w, "writer", l->name);
	json_put_b64(w, "identity", l->identity, WIRE_ED25519);
	if (!l->direct)
		put_at(w, &l->at);
	json_put_u63(w, "ts", l->ts);
}

static void put_frame(struct json_w *w, const struct transcript_line *l)
{
	json_put_b64(
	    w, "frame", l->body + WIRE_OFFSET, l->n_body - WIRE_OFFSET);
	json_put_b64(w, "key", l->key, WIRE_KEY_IV);
}

static void put_entry(struct json_w *w, const struct transcript_line *l)
{
	json_put_u63(w, "offset", l->at.offset);
	if (l->opened)
		put_frame(w, l);
	else
		json_put_b64(w, "digest", l->digest, WIRE_HASH);
}

static void put_fields(struct json_w *w, const struct transcript_line *l)
{
	json_put_str(w, "type", words[l->type]);
	switch (l->type) {
	case TRANSCRIPT_HEAD:
		put_head(w, l);
		return;
	case TRANSCRIPT_RUN:
		json_put_b64(w, "session", l->session, WIRE_NONCE);
		return;
	case TRANSCRIPT_EPOCH:
		json_put_u63(w, "epoch", l->epoch);
		json_put_b64(w, "commit", l->commit, WIRE_HASH);
		json_put_b64(w, "roster", l->roster, WIRE_HASH);
		return;
	case TRANSCRIPT_PERSON:
		json_put_u63(w, "member", l->member);
		json_put_str(w, "name", l->name);
		json_put_b64(w, "identity", l->identity, WIRE_ED25519);
		json_put_b64(w, "card", l->card, WIRE_HASH);
		return;
	case TRANSCRIPT_FROM:
		put_at(w, &l->at);
		return;
	case TRANSCRIPT_ENTRY:
		put_entry(w, l);
		return;
	case TRANSCRIPT_END:
		if (!l->direct)
			put_at(w, &l->at);
		json_put_u63(w, "ts", l->ts);
		return;
	case TRANSCRIPT_DEVICE:
		json_put_str(w, "name", l->name);
		json_put_b64(w, "identity", l->identity, WIRE_ED25519);
		return;
	case TRANSCRIPT_DIRECT:
		put_frame(w, l);
		return;
	}
}

int transcript_put(struct crypto *c, struct buf *out, uint8_t hash[WIRE_HASH],
    const struct transcript_line *l)
{
	const size_t start = out->len;
	struct json_w w;
	int r;

	json_begin(&w, out);
	put_fields(&w, l);
	if ((r = json_end(&w)) != 0)
		return r;
	return hashline_end(c, out, start, hash);
}

/* --- reading -------------------------------------------------------------- */

static int get_at(struct log_head *at, const json_t *o)
{
	int r = json_u63(o, "offset", &at->offset);

	return r != 0 ? r : json_b64(o, "chain", at->chain, WIRE_HASH);
}

/* A public key, in one of the shapes that a signature is checked with. */
static int get_identity(
    const json_t *o, const char *key, uint8_t out[WIRE_ED25519])
{
	uint8_t raw[WIRE_ED25519], spki[WIRE_ED25519_SPKI];
	int r = json_b64(o, key, raw, sizeof(raw));

	if (r != 0)
		return r;
	ed25519_spki(spki, raw);
	return ed25519_from_spki(out, spki, sizeof(spki));
}

static int get_name(
    const json_t *o, const char *key, char out[WIRE_NAME_MAX + 1])
{
	int r = json_text(o, key, out, WIRE_NAME_MAX);

	if (r == 0 && !text_name(out, strlen(out)))
		r = ERR_NAME;
	return r;
}

static int get_head(struct transcript_line *l, const json_t *o)
{
	int r;

	l->direct = json_is(o, "format", TRANSCRIPT_FORMAT_DIRECT);
	if (!l->direct && !json_is(o, "format", TRANSCRIPT_FORMAT))
		return ERR_JSON;
	if ((r = json_u32(o, "number", &l->number)) != 0 ||
	    (r = json_b64(o, "previous", l->previous, WIRE_HASH)) != 0 ||
	    (r = get_identity(o, "server", l->server)) != 0 ||
	    (r = get_name(o, "writer", l->name)) != 0 ||
	    (r = get_identity(o, "identity", l->identity)) != 0 ||
	    (r = json_u63(o, "ts", &l->ts)) != 0)
		return r;
	if (l->direct)
		return get_name(o, "with", l->with);
	if ((r = json_text(o, "room", l->room, WIRE_ROOM_MAX)) != 0 ||
	    (r = json_b64(o, "log", l->log, WIRE_LOG)) != 0 ||
	    (r = get_at(&l->at, o)) != 0)
		return r;
	return text_room(l->room, strlen(l->room)) ? 0 : ERR_NAME;
}

/* A frame of min to max bytes, with the number that stands before it. */
static int get_frame(struct transcript_line *l, struct buf *body,
    const json_t *o, size_t min, size_t max)
{
	size_t n;
	int r;

	if ((r = buf_reserve(body, max)) != 0)
		return r;
	put_u64(body->p, l->at.offset);
	if ((r = json_b64_max(o, "frame", body->p + WIRE_OFFSET,
		 max - WIRE_OFFSET, &n)) != 0 ||
	    (r = json_b64(o, "key", l->key, WIRE_KEY_IV)) != 0)
		return r;
	if (n < min - WIRE_OFFSET)
		return ERR_RANGE;
	body->len = WIRE_OFFSET + n;
	l->body = body->p;
	l->n_body = body->len;
	return 0;
}

static int get_entry(
    struct transcript_line *l, struct buf *body, const json_t *o)
{
	int r = json_u63(o, "offset", &l->at.offset);

	if (r != 0)
		return r;
	if (l->at.offset == 0)
		return ERR_RANGE;
	l->opened = json_object_get(o, "frame") != NULL;
	if (!l->opened)
		return json_b64(o, "digest", l->digest, WIRE_HASH);
	return get_frame(l, body, o, GROUP_MIN, GROUP_MAX);
}

static int get_person(struct transcript_line *l, const json_t *o)
{
	int r;

	if ((r = json_member(o, "member", &l->member)) != 0 ||
	    (r = get_name(o, "name", l->name)) != 0 ||
	    (r = get_identity(o, "identity", l->identity)) != 0)
		return r;
	return json_b64(o, "card", l->card, WIRE_HASH);
}

static int get_epoch(struct transcript_line *l, const json_t *o)
{
	int r;

	if ((r = json_u32(o, "epoch", &l->epoch)) != 0 ||
	    (r = json_b64(o, "commit", l->commit, WIRE_HASH)) != 0)
		return r;
	return json_b64(o, "roster", l->roster, WIRE_HASH);
}

static int get_device(struct transcript_line *l, const json_t *o)
{
	int r = get_name(o, "name", l->name);

	return r != 0 ? r : get_identity(o, "identity", l->identity);
}

static int get_end(struct transcript_line *l, const json_t *o)
{
	int r;

	l->direct = json_object_get(o, "offset") == NULL &&
		    json_object_get(o, "chain") == NULL;
	if (!l->direct && (r = get_at(&l->at, o)) != 0)
		return r;
	return json_u63(o, "ts", &l->ts);
}

static int get_fields(
    struct transcript_line *l, struct buf *body, const json_t *o)
{
	switch (l->type) {
	case TRANSCRIPT_HEAD:
		return get_head(l, o);
	case TRANSCRIPT_RUN:
		return json_b64(o, "session", l->session, WIRE_NONCE);
	case TRANSCRIPT_EPOCH:
		return get_epoch(l, o);
	case TRANSCRIPT_PERSON:
		return get_person(l, o);
	case TRANSCRIPT_FROM:
		return get_at(&l->at, o);
	case TRANSCRIPT_ENTRY:
		return get_entry(l, body, o);
	case TRANSCRIPT_END:
		return get_end(l, o);
	case TRANSCRIPT_DEVICE:
		return get_device(l, o);
	case TRANSCRIPT_DIRECT:
		return get_frame(l, body, o, TRANSCRIPT_DIRECT_MIN, WIRE_DIRECT_MAX);
	}
	return ERR_JSON;
}

int transcript_get(
    struct transcript_line *l, struct buf *body, const char *line, size_t n)
{
	json_t *o = NULL;
	size_t i;
	int r;

	memset(l, 0, sizeof(*l));
	buf_clear(body);
	if (n > TRANSCRIPT_LINE_MAX)
		return ERR_RANGE;
	if ((r = json_parse(&o, line, n)) != 0)
		return r;
	for (i = 0; i < N_WORDS; i++)
		if (json_is(o, "type", words[i]))
			break;
	l->type = (enum transcript_type)i;
	r = i < N_WORDS ? get_fields(l, body, o) : ERR_JSON;
	json_decref(o);
	return r;
}

/* --- what was named ------------------------------------------------------- */

const struct transcript_epoch *transcript_epoch(
    const struct transcript_named *k, uint32_t epoch)
{
	size_t i;

	for (i = 0; i < k->n_epochs; i++)
		if (k->epoch[i].epoch == epoch)
			return &k->epoch[i];
	return NULL;
}

struct transcript_person *transcript_person(
    struct transcript_named *k, uint32_t member)
{
	size_t i;

	for (i = 0; i < k->n_people; i++)
		if (k->person[i].member == member)
			return &k->person[i];
	return NULL;
}

static void name_epoch(
    struct transcript_named *k, const struct transcript_line *l)
{
	struct transcript_epoch *e =
	    (struct transcript_epoch *)(uintptr_t)transcript_epoch(k, l->epoch);

	if (e == NULL) {
		e = &k->epoch[k->next_epoch];
		k->next_epoch = (k->next_epoch + 1) % TRANSCRIPT_EPOCHS;
		if (k->n_epochs < TRANSCRIPT_EPOCHS)
			k->n_epochs++;
	}
	e->epoch = l->epoch;
	memcpy(e->commit, l->commit, WIRE_HASH);
	memcpy(e->roster, l->roster, WIRE_HASH);
}

static void name_person(
    struct transcript_named *k, const struct transcript_line *l)
{
	struct transcript_person *p = transcript_person(k, l->member);

	if (p == NULL) {
		p = &k->person[k->next_person];
		k->next_person = (k->next_person + 1) % TRANSCRIPT_PEOPLE;
		if (k->n_people < TRANSCRIPT_PEOPLE)
			k->n_people++;
		memset(p, 0, sizeof(*p));
	}
	p->member = l->member;
	memcpy(p->name, l->name, sizeof(p->name));
	memcpy(p->identity, l->identity, WIRE_ED25519);
	memcpy(p->card, l->card, WIRE_HASH);
}

void transcript_name(
    struct transcript_named *k, const struct transcript_line *l)
{
	switch (l->type) {
	case TRANSCRIPT_RUN:
		memset(k, 0, sizeof(*k));
		k->run = true;
		memcpy(k->session, l->session, WIRE_NONCE);
		return;
	case TRANSCRIPT_EPOCH:
		name_epoch(k, l);
		return;
	case TRANSCRIPT_PERSON:
		name_person(k, l);
		return;
	default:
		return;
	}
}

const struct transcript_device *transcript_device(
    const struct transcript_devices *k, const uint8_t fingerprint[WIRE_HASH])
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (memcmp(k->device[i].fingerprint, fingerprint, WIRE_HASH) ==
		    0)
			return &k->device[i];
	return NULL;
}

int transcript_device_add(struct crypto *c, struct transcript_devices *k,
    const struct transcript_line *l)
{
	struct transcript_device *d;
	uint8_t fp[WIRE_HASH];
	int r = ed25519_fingerprint(c, fp, l->identity);

	if (r != 0)
		return r;
	d = (struct transcript_device *)(uintptr_t)transcript_device(k, fp);
	if (d == NULL) {
		d = &k->device[k->next];
		k->next = (k->next + 1) % TRANSCRIPT_DEVICES;
		if (k->n < TRANSCRIPT_DEVICES)
			k->n++;
	}
	memcpy(d->name, l->name, sizeof(d->name));
	memcpy(d->identity, l->identity, WIRE_ED25519);
	memcpy(d->fingerprint, fp, WIRE_HASH);
	return 0;
}
