/* session_server.c - what the server says in a room, in the session's target. */
#include "shared/proto/roster_hash.h"
#include "shared/wire/b64.h"
#include "tests/fuzz/session_world.h"

struct user world_user(unsigned i, uint32_t member)
{
	static const char *const names[USERS] = {
	    "alice", "bob", "carol", "Alice", "dave-5", "b"};
	struct user u = {.member = member};

	i %= USERS;
	snprintf(u.name, sizeof(u.name), "%s", names[i]);
	memcpy(u.identity, identity_public(people_identity(i)), WIRE_ED25519);
	put_u32(u.card, member);
	return u;
}

struct user world_self(const struct world *w)
{
	struct user u = world_user(0, w->at->member);

	memset(u.card, (int)w->connections, WIRE_HASH);
	return u;
}

/* Queues n bytes of content from a sender, sealed in an epoch. */
void world_group(struct world *w, uint32_t sender, uint32_t epoch, uint64_t seq,
    const void *content, size_t n, uint8_t bend)
{
	uint8_t digest[WIRE_HASH];
	size_t off;
	uint8_t *b;

	if (!world_reserve(w) || n > WIRE_JSON_MAX)
		return;
	off = w->bodies.len;
	FUZZ_CHECK(buf_reserve(&w->bodies, n + 108) == 0);
	b = w->bodies.p + off;
	memset(b, 0, n + 108);
	put_u32(b + 8, w->at->number + (bend == 1));
	put_u32(b + 12, epoch);
	put_u32(b + 16, sender);
	put_u64(b + 20, seq);
	b[28] = bend == 2 ? 0xff : 0;	  /* signature */
	b[92 + n] = bend == 3 ? 0xff : 0; /* tag */
	if (n > 0)
		memcpy(b + 92, content, n);
	FUZZ_CHECK(crypto_hash1(fuzz_crypto(), digest, b + WIRE_OFFSET,
		       n + 108 - WIRE_OFFSET) == 0);
	FUZZ_CHECK(log_head_add(fuzz_crypto(), &w->at->head, digest) == 0);
	put_u64(b, w->at->head.offset + (bend == 26));
	w->bodies.len += n + 108;
	world_frame(w, KIND_GROUP, off);
}

static void commit_of(
    const struct world *w, uint8_t out[WIRE_HASH], uint8_t bend)
{
	struct group_epoch e;

	FUZZ_CHECK(group_epoch_make(fuzz_crypto(), &e, w->at->number,
		       w->at->epoch, w->at->secret) == 0);
	memcpy(out, e.commit, WIRE_HASH);
	out[0] ^= bend == 4;
}

/* The roster of those who are in the room, with the client. */
static void roster_of(
    const struct world *w, uint8_t out[WIRE_HASH], uint8_t bend)
{
	struct roster_hash *h = roster_hash_new(fuzz_crypto());
	struct user u;
	uint32_t after = 0, m;
	unsigned i, at;

	FUZZ_CHECK(h != NULL);
	for (;; after = m) {
		m = w->at->member > after ? w->at->member : UINT32_MAX;
		for (i = 0, at = USERS; i < USERS; i++)
			if (w->at->users[i].member > after &&
			    w->at->users[i].member < m)
				m = w->at->users[at = i].member;
		if (m == UINT32_MAX)
			break;
		u = at < USERS ? world_user(at, m) : world_self(w);
		FUZZ_CHECK(roster_hash_add(h, &u) == 0);
	}
	FUZZ_CHECK(roster_hash_get(h, out) == 0);
	roster_hash_free(h);
	out[0] ^= bend == 24;
}

static void fresh_secret(struct world *w)
{
	memset(
	    w->at->secret, (int)(w->at->epoch + 64 * w->at->number), WIRE_KEY);
}

void say_key(struct world *w, uint8_t bend)
{
	struct key_exchange k = {.room = w->at->number, .is_wrapped = true};

	w->at->epoch += 1 + bend % 3;
	w->at->fence = w->at->epoch;
	w->at->member = ++w->at->last_member - (bend == 5);
	fresh_secret(w);
	k.epoch = w->at->epoch - (bend == 6);
	k.member = w->at->member;
	snprintf(
	    k.name, sizeof(k.name), "%s", bend == 7 ? "cave" : w->at->name);
	memcpy(k.log, w->at->log, WIRE_LOG);
	memcpy(k.wrapped, w->at->secret, WIRE_KEY);
	k.wrapped[0] = bend == 8 ? 0xff : k.wrapped[0] & 0x7f;
	w->at->secret[0] = k.wrapped[0];
	k.wrapped_len = 256;
	commit_of(w, k.commit, bend);
	buf_clear(&w->json);
	FUZZ_CHECK(control_key_exchange(&w->json, &k) == 0);
	world_control(w, true);
	w->at->keyed = w->at->step_due = true;
	w->at->listed = false;
}

/* The room_join is answered with the first page. */
static void say_joined(struct world *w)
{
	if (w->at->join_req == 0)
		return;
	buf_clear(&w->json);
	FUZZ_CHECK(answer_done(&w->json, w->at->join_req, w->at->number) == 0);
	world_control(w, false);
	w->at->join_req = 0;
}

void say_list(struct world *w, uint8_t bend)
{
	static struct user_list l;
	size_t i, n = 0;
	uint32_t after = 0, m;

	memset(&l, 0, sizeof(l));
	/* ascending by member, ourselves last */
	for (;;) {
		m = UINT32_MAX;
		for (i = 0; i < USERS; i++)
			if (w->at->users[i].member > after &&
			    w->at->users[i].member < m)
				m = w->at->users[i].member;
		if (m == UINT32_MAX)
			break;
		for (i = 0; w->at->users[i].member != m; i++)
			;
		l.users[n++] = world_user((unsigned)i, m);
		after = m;
	}
	if (bend != 9)
		l.users[n++] = world_self(w);
	if (w->at->sealed && n > 0)
		l.users[n - 1].role = ROLE_OPERATOR;
	if (bend == 10 && n > 1)
		l.users[0] = l.users[n - 1];
	if (bend > 100)
		for (; n < WIRE_PAGE; n++)
			l.users[n] = world_user(bend, 1000 + (uint32_t)n);
	l.room = w->at->number + (bend == 1);
	l.n_users = n;
	l.total = n + (bend > 90 ? bend : 0);
	l.seq = w->at->notice_seq;
	roster_of(w, l.roster, bend);
	l.has_entry = !w->at->listed && bend != 25;
	l.entry.head = w->at->head;
	l.entry.head.chain[0] ^= bend == 27;
	l.entry.settings = room_settings_default;
	l.entry.settings.sealed = w->at->sealed && bend != 29;
	snprintf(l.entry.topic, sizeof(l.entry.topic), "%s", w->at->mark);
	buf_clear(&w->json);
	if (control_user_list(&w->json, &l) != 0)
		return;
	world_control(w, false);
	w->at->listed = w->at->known = w->at->step_due = true;
	w->at->logged |= l.has_entry;
	say_joined(w);
}

void say_ack(struct world *w, uint8_t bend)
{
	uint64_t seq = w->at->last;

	if (bend != 0)
		seq += (uint64_t)(int64_t)(int8_t)bend;
	else if (w->at->last == w->at->last_acked)
		return;
	if (bend < 100)
		say_own_marks(w);
	buf_clear(&w->json);
	if (control_ack(&w->json, w->at->number + (bend == 1), seq & INT64_MAX,
		w->at->marked_offset + (bend == 2)) != 0)
		return;
	world_control(w, false);
	w->at->last_acked = w->at->last;
	w->at->acked = w->at->accepted;
}

void say_fresh(struct world *w, const char *reason, uint8_t bend)
{
	struct key_exchange k = {.room = w->at->number + (bend == 1)};

	if (bend != 11)
		say_ack(w, 0);
	w->at->epoch += 1 + bend % 3;
	w->at->fence = w->at->epoch;
	fresh_secret(w);
	k.epoch = w->at->epoch - (bend == 6 ? 2 : 0);
	memcpy(k.secret, w->at->secret, WIRE_KEY);
	commit_of(w, k.commit, bend);
	roster_of(w, k.roster, bend);
	snprintf(k.reason, sizeof(k.reason), "%s", reason);
	buf_clear(&w->json);
	FUZZ_CHECK(control_key_exchange(&w->json, &k) == 0);
	world_control(w, true);
}

void world_notice(struct world *w, const struct notice_of *about,
    uint32_t sealed, uint8_t bend)
{
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	struct notice_of o = *about;

	o.epoch = w->at->epoch + (bend == 12);
	o.commit = commit;
	o.roster = roster;
	o.ts = WALL_MS;
	commit_of(w, commit, bend);
	roster_of(w, roster, bend);
	buf_clear(&w->json);
	if (notice_encode(&w->json, &o) != 0)
		return;
	world_group(w, 0, sealed,
	    ++w->at->notice_seq + (bend == 13) - (bend == 14), w->json.p,
	    w->json.len, bend);
}

static void notice(struct world *w, enum notice_event e, uint32_t sealed,
    const struct user *u, uint8_t bend)
{
	const struct notice_of o = {.event = e, .users = u, .n_users = 1};

	world_notice(w, &o, sealed, bend);
}

void say_join(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	struct user u;
	uint8_t next[WIRE_KEY];

	if (w->at->users[i].member != 0 && bend == 0)
		return;
	w->at->users[i].member = ++w->at->last_member;
	w->at->users[i].seq = 0;
	u = world_user(i, bend == 15 ? w->at->member : w->at->users[i].member);
	FUZZ_CHECK(group_join_step(fuzz_crypto(), next, w->at->secret) == 0);
	memcpy(w->at->secret, next, WIRE_KEY);
	w->at->epoch++;
	notice(w, NOTICE_JOIN, w->at->epoch - (bend != 16), &u, bend);
}

void say_leave(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	struct user u;

	if (w->at->users[i].member == 0 && bend == 0)
		return;
	u = world_user(i, bend == 15 ? w->at->member : w->at->users[i].member);
	if (u.member == 0)
		u.member = 4000;
	w->at->users[i].member = 0;
	say_fresh(w, i & 1 ? "kick" : "leave", bend == 17 ? 1 : 0);
	notice(w, i & 1 ? NOTICE_KICK : NOTICE_LEAVE, w->at->epoch, &u, bend);
}

void say_event(struct world *w, uint8_t bend)
{
	char json[320], b64[64], roster[64];
	uint8_t hash[WIRE_HASH];
	int n;

	commit_of(w, hash, bend);
	b64_encode(b64, hash, sizeof(hash));
	roster_of(w, hash, bend);
	b64_encode(roster, hash, sizeof(hash));
	n = snprintf(json, sizeof(json),
	    "{\"type\":\"%s\",\"event\":\"topic\",\"epoch\":%u,"
	    "\"commit\":\"%s\",\"roster\":\"%s\",\"users\":[],\"ts\":1}",
	    bend == 18 ? "message" : "system", w->at->epoch, b64, roster);
	world_group(
	    w, 0, w->at->epoch, ++w->at->notice_seq, json, (size_t)n, bend);
}

/* A message, or by `how` an edit, a deletion or a reaction: of the newest message
 * of some member, or of one of the seven before it. */
static void encode_said(struct world *w, const uint8_t id[WIRE_ID], uint8_t how,
    const char *text, size_t n)
{
	static const enum content_type types[] = {
	    CONTENT_MESSAGE, CONTENT_EDIT, CONTENT_DELETE, CONTENT_REACT};
	const enum content_type type = types[how >> 1 & 3];
	const struct user_at *of = &w->at->users[(how >> 3 & 3) % USERS];
	struct content_said s = {.has_about = how >> 1 != 0,
	    .text = type == CONTENT_REACT ? "+" : text,
	    .text_len = type == CONTENT_REACT	 ? how & 1
			: type == CONTENT_DELETE ? 0
						 : n,
	    .action = how & 1};

	memcpy(s.id, id, WIRE_ID);
	put_u32(s.about, of->member);
	put_u64(s.about + 8, of->seq - (how >> 5));
	FUZZ_CHECK(content_said(&w->json, type, &s, WALL_MS) == 0);
}

/* What the member has of the log, as real clients say with each content. */
static void add_view(struct world *w, uint8_t bend)
{
	struct log_head head = w->at->head;
	uint8_t view[WIRE_VIEW];
	struct buf bare;

	buf_init(&bare, WIRE_JSON_MAX);
	FUZZ_CHECK(buf_put(&bare, w->json.p, w->json.len) == 0);
	buf_clear(&w->json);
	FUZZ_CHECK(content_view_add(&w->json, bare.p, bare.len) == 0);
	buf_free(&bare);
	head.chain[0] ^= bend == 28;
	log_view_encode(view, &head, w->at->log);
	FUZZ_CHECK(content_view_fill(w->json.p, w->json.len, view) == 0);
}

void say_message(struct world *w, uint8_t bend)
{
	unsigned i = fuzz_u8(&w->f) % USERS;
	uint8_t id[WIRE_ID] = {0}, how = fuzz_u8(&w->f);
	struct user_at *u = &w->at->users[i];
	char text[32];
	int n;

	if (u->member == 0 && bend == 0)
		return;
	u->seq += bend == 19 ? 6 : 1;
	if (bend == 20)
		u->seq -= 2;
	put_u32(id, u->member);
	put_u64(id + 8, bend == 21 ? 1 : u->seq);
	n = snprintf(
	    text, sizeof(text), "%llu \x1b[31m", (unsigned long long)u->seq);
	buf_clear(&w->json);
	encode_said(w, id, how, text, (size_t)n);
	add_view(w, bend);
	world_group(w, bend == 22 ? 4000 : u->member,
	    w->at->epoch - (bend == 23 ? how : 0), u->seq, w->json.p,
	    w->json.len, bend);
}
