/* What the samples contain: people, keys, requests and their answers, notices. */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

#include "shared/crypto/keys.h"

const uint8_t sample_id[WIRE_ID] = "0123456789abcdef";
const uint8_t sample_about[WIRE_ID] = "fedcba9876543210";

void sample_user(struct user *u, uint32_t member, const char *name)
{
	uint8_t seed[32] = {0};
	struct identity *id;

	memset(u, 0, sizeof(*u));
	put_u32(seed, member);
	id = identity_from_seed(seed);
	assert_non_null(id);
	u->member = member;
	strcpy(u->name, name);
	memcpy(u->identity, identity_public(id), WIRE_ED25519);
	memset(u->card, (int)(member & 255), WIRE_HASH);
	identity_free(id);
}

void sample_wrapped(struct key_exchange *k)
{
	memset(k, 0, sizeof(*k));
	k->room = 7;
	k->epoch = 9;
	memset(k->commit, 0xc0, sizeof(k->commit));
	k->is_wrapped = true;
	strcpy(k->name, "lobby");
	k->member = 4294967295u;
	k->wrapped_len = 384;
	memset(k->wrapped, 0x3a, k->wrapped_len);
	k->has_since = true;
	k->since = 40;
}

void sample_fresh(struct key_exchange *k)
{
	memset(k, 0, sizeof(*k));
	k->room = 7;
	k->epoch = 10;
	memset(k->commit, 0xc1, sizeof(k->commit));
	memset(k->secret, 0x5e, sizeof(k->secret));
	strcpy(k->reason, "leave");
}

const struct room_settings sample_settings = {
    false, true, HISTORY_MEMBERS, 7, 1000, true, true};

static void sample_account_request(struct request *q, enum sample_no id)
{
	switch (id) {
	case ASK_PASSWORD:
		memset(q->password.salt, 0x5a, sizeof(q->password.salt));
		memset(q->password.w0, 0x11, sizeof(q->password.w0));
		memset(q->password.l, 0x22, sizeof(q->password.l));
		break;
	case ASK_NO_PASSWORD:
		q->password.none = true;
		break;
	case ASK_FORGET:
		memset(q->identity, 0x1d, sizeof(q->identity));
		break;
	case ASK_INVITE:
		q->invite.room = 3;
		q->invite.uses = WIRE_INVITE_USES;
		q->invite.seconds = 172800;
		q->invite.role = ROLE_GUEST;
		break;
	default:
		if (id != ASK_DEVICES)
			strcpy(q->id, "abcdwx27");
	}
}

/* Two of each list. */
static void sample_people_answer(struct answer *a, enum sample_no id)
{
	if (id == DONE_INVITE) {
		strcpy(a->id, "abcdwx27");
		strcpy(a->secret, "AbCdEfGhIjKlMnOpQr-_9w");
	}
	if (id == DONE_DEVICES) {
		a->has_devices = true;
		a->n_devices = 2;
		memset(a->devices[0].identity, 0x1d, WIRE_ED25519);
		a->devices[0].first_s = 1700000000;
		a->devices[0].last_s = 1700000100;
		a->devices[0].here = true;
		memset(a->devices[1].identity, 0x2d, WIRE_ED25519);
	}
	if (id != DONE_INVITES)
		return;
	a->has_invites = true;
	a->n_invites = 2;
	a->total = 7;
	strcpy(a->invites[0].id, "22222222");
	a->invites[0].uses = a->invites[0].left = 1;
	strcpy(a->invites[0].by, "server");
	strcpy(a->invites[0].account, "Alice");
	strcpy(a->invites[1].id, "abcdwx27");
	a->invites[1].uses = 30;
	a->invites[1].left = 12;
	a->invites[1].until_s = 1700000000;
	a->invites[1].role = ROLE_OPERATOR;
	strcpy(a->invites[1].by, "ben");
	strcpy(a->invites[1].room, "ops");
}

void sample_request(struct request *q, enum sample_no id)
{
	static const enum request_type types[] = {
	    [ASK_LIST] = REQUEST_ROOM_LIST,
	    [ASK_NEW] = REQUEST_ROOM_NEW,
	    [ASK_SET] = REQUEST_ROOM_SET,
	    [ASK_JOIN] = REQUEST_ROOM_JOIN,
	    [ASK_LEAVE] = REQUEST_ROOM_LEAVE,
	    [ASK_ACT] = REQUEST_ACT,
	    [ASK_HISTORY] = REQUEST_HISTORY,
	    [ASK_EARLIER] = REQUEST_HISTORY,
	    [ASK_PURGE] = REQUEST_PURGE,
	    [ASK_RECEIPT] = REQUEST_RECEIPT,
	    [ASK_PASSWORD] = REQUEST_ACCOUNT_PASSWORD,
	    [ASK_NO_PASSWORD] = REQUEST_ACCOUNT_PASSWORD,
	    [ASK_DEVICES] = REQUEST_ACCOUNT_DEVICES,
	    [ASK_FORGET] = REQUEST_ACCOUNT_FORGET,
	    [ASK_INVITE] = REQUEST_INVITE_NEW,
	    [ASK_INVITES] = REQUEST_INVITE_LIST,
	    [ASK_REVOKE] = REQUEST_INVITE_REVOKE,
	};

	memset(q, 0, sizeof(*q));
	q->type = types[id];
	q->number = 17;
	if (id == ASK_LIST || id == ASK_NEW || id == ASK_JOIN)
		strcpy(q->name, "ops");
	if (id >= ASK_PASSWORD) {
		sample_account_request(q, id);
		return;
	}
	if (id >= ASK_LEAVE || id == ASK_SET)
		q->room = 3;
	if (id >= ASK_HISTORY && id != ASK_RECEIPT)
		q->offset = 41;
	q->before = id == ASK_EARLIER;
	if (id == ASK_HISTORY || id == ASK_EARLIER)
		q->count = WIRE_HISTORY_MAX;
	if (id == ASK_NEW || id == ASK_SET) {
		q->has_topic = true;
		strcpy(q->topic, "what breaks");
		q->settings = sample_settings;
		q->settings_named = SETTINGS_ALL;
	}
	if (id != ASK_ACT)
		return;
	q->act = ACT_ROLE;
	q->role = ROLE_OPERATOR;
	q->seconds = 3600;
	strcpy(q->who, "bob");
	strcpy(q->reason, "he asked");
}

static void put_settings(
    struct room_settings *out, const struct room_settings *of)
{
	out->listed = of->listed;
	out->invited = of->invited;
	out->history = of->history;
	out->keep_days = of->keep_days;
	out->keep_count = of->keep_count;
	out->operators_only = of->operators_only;
	out->sealed = of->sealed;
}

void sample_answer(struct answer *a, enum sample_no id)
{
	memset(a, 0, sizeof(*a));
	a->number = 17;
	a->done = id != FAILED;
	if (id == DONE)
		a->room = 4;
	if (id == FAILED) {
		a->code = CODE_DENIED;
		strcpy(a->word, "denied");
		strcpy(a->text, "only operators");
	}
	if (id != DONE_ROOMS) {
		sample_people_answer(a, id);
		return;
	}
	a->has_rooms = true;
	a->n_rooms = 2;
	a->total = 2;
	/* Field by field: the padding stays zero, and can be compared. */
	a->rooms[0].id = 1;
	strcpy(a->rooms[0].name, "Lobby");
	a->rooms[0].people = 12;
	a->rooms[0].mine = true;
	put_settings(&a->rooms[0].settings, &room_settings_default);
	a->rooms[1].id = 4;
	strcpy(a->rooms[1].name, "ops");
	strcpy(a->rooms[1].topic, "what breaks");
	put_settings(&a->rooms[1].settings, &sample_settings);
}

void sample_entry(struct room_entry *e)
{
	memset(e, 0, sizeof(*e));
	e->head.offset = 40;
	memset(e->head.chain, 0x5d, sizeof(e->head.chain));
	strcpy(e->topic, "what breaks");
	e->settings = sample_settings;
}

void sample_more(struct notice_more *m, enum sample_no id)
{
	memset(m, 0, sizeof(*m));
	if (id == NOTICE_OF_DEVICE) {
		strcpy(m->who, "caroline");
		memset(m->identity, 0x1d, sizeof(m->identity));
		return;
	}
	if (id == NOTICE_OF_CHECKPOINT) {
		m->offset = 44;
		memset(m->chain, 0x2e, sizeof(m->chain));
		return;
	}
	strcpy(m->by, "ben");
	if (id == NOTICE_OF_PURGE) {
		m->offset = 33;
		return;
	}
	if (id == NOTICE_OF_ROOM) {
		strcpy(m->topic, "what breaks");
		m->settings = sample_settings;
		return;
	}
	m->act = ACT_ROLE;
	strcpy(m->who, "carol");
	m->role = ROLE_GUEST;
	m->until_ms = 1700000100000;
	strcpy(m->reason, "too loud");
	m->server = true;
}

void sample_welcome(struct welcome *w)
{
	memset(w, 0, sizeof(*w));
	strcpy(w->account, "Alice");
	w->password = true;
	w->role = ROLE_OWNER;
	w->rooms = WIRE_ROOMS;
	w->text = WIRE_TEXT_MAX;
}

void sample_left(struct room_left *l)
{
	memset(l, 0, sizeof(*l));
	l->room = 4;
	l->code = CODE_KICKED;
	strcpy(l->word, "kicked");
	strcpy(l->by, "ben");
	strcpy(l->text, "too loud");
}

void sample_voice(struct voice *v)
{
	memset(v, 0, sizeof(*v));
	v->room = 4;
	v->until_ms = 1700000100000;
	strcpy(v->by, "server");
}

static void sample_run(
    struct log_batch_run *run, uint8_t fill, size_t n_epochs, size_t n_users)
{
	size_t i;

	run->epoch = calloc(n_epochs, sizeof(run->epoch[0]));
	run->user = calloc(n_users, sizeof(run->user[0]));
	assert_true(run->epoch != NULL && run->user != NULL);
	run->n_epochs = n_epochs;
	run->n_users = n_users;
	memset(run->session, fill, sizeof(run->session));
	for (i = 0; i < n_epochs; i++) {
		run->epoch[i].epoch = (uint32_t)(3 * i + fill);
		memset(run->epoch[i].base, fill + 1 + (int)i, WIRE_KEY);
		memset(run->epoch[i].roster, fill + 9 + (int)i, WIRE_HASH);
	}
	for (i = 0; i < n_users; i++)
		sample_user(
		    &run->user[i], (uint32_t)(2 + i), i == 0 ? "alice" : "bob");
}

void sample_batch(struct log_batch *h)
{
	memset(h, 0, sizeof(*h));
	h->number = 17;
	h->room = 3;
	h->first = 42;
	h->last = 60;
	h->oldest = 7;
	memset(h->chain, 0x2d, sizeof(h->chain));
	h->run = calloc(2, sizeof(h->run[0]));
	assert_non_null(h->run);
	h->n_runs = 2;
	sample_run(&h->run[0], 0x10, 1, 1);
	sample_run(&h->run[1], 0x20, 2, 2);
}
