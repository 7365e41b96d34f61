/* The fake server: its people, epochs, frames and log. */
#include "shared/proto/roster_hash.h"
#include "shared/wire/b64.h"
#include "tests/unit/fake_server.h"

#define OK(call) assert_int_equal((call), 0)

void lines_add(struct lines *l, const char *fmt, ...)
{
	char *p = NULL;
	va_list ap;

	assert_true(l->n < FAKE_LINES);
	va_start(ap, fmt);
	assert_true(vasprintf(&p, fmt, ap) >= 0);
	va_end(ap);
	l->text[l->n++] = p;
}

void lines_free(struct lines *l)
{
	while (l->n > 0)
		free(l->text[--l->n]);
	l->next = 0;
}

/* --- people and epochs --------------------------------------------------- */

void fake_person(struct fake *f, const struct user *u)
{
	size_t i = f->n_people;

	assert_true(i < FAKE_PEOPLE);
	while (i > 0 && f->people[i - 1].member > u->member) {
		f->people[i] = f->people[i - 1];
		i--;
	}
	f->people[i] = *u;
	f->n_people++;
}

struct peer *fake_peer(struct fake *f, uint32_t member, const char *name)
{
	struct peer *p = &f->peers[f->n_peers++];
	uint8_t seed[32] = {7};

	assert_true(f->n_peers <= 8);
	put_u32(seed + 4, member);
	memset(p, 0, sizeof(*p));
	p->id = identity_from_seed(seed);
	assert_non_null(p->id);
	p->user.member = member;
	snprintf(p->user.name, sizeof(p->user.name), "%s", name);
	memcpy(p->user.identity, identity_public(p->id), WIRE_ED25519);
	OK(crypto_hash1(f->crypto, p->user.card, seed, sizeof(seed)));
	return p;
}

static void epoch_add(struct fake *f)
{
	assert_true(f->n_epochs < FAKE_EPOCHS);
	f->rosters[f->n_epochs].set = false;
	OK(group_epoch_make(f->crypto, &f->epochs[f->n_epochs++], f->room,
	    f->epoch, f->secret));
}

const struct group_epoch *fake_epoch(struct fake *f, uint32_t epoch)
{
	size_t i;

	for (i = f->n_epochs; i > 0; i--)
		if (f->epochs[i - 1].epoch == epoch)
			return &f->epochs[i - 1];
	fail_msg("no epoch %u", (unsigned)epoch);
	return NULL;
}

/* Computes the roster of an epoch, whatever was announced before. */
static const uint8_t *roster_make(struct fake *f, uint32_t epoch)
{
	struct roster_hash *h = roster_hash_new(f->crypto);
	size_t at = (size_t)(fake_epoch(f, epoch) - f->epochs), i;

	assert_non_null(h);
	for (i = 0; i < f->n_people; i++)
		OK(roster_hash_add(h, &f->people[i]));
	OK(roster_hash_get(h, f->rosters[at].hash));
	f->rosters[at].set = true;
	roster_hash_free(h);
	return f->rosters[at].hash;
}

const uint8_t *fake_roster(struct fake *f, uint32_t epoch)
{
	size_t at = (size_t)(fake_epoch(f, epoch) - f->epochs);

	return f->rosters[at].set ? f->rosters[at].hash : roster_make(f, epoch);
}

const struct group_place *fake_place(struct fake *f)
{
	OK(ed25519_fingerprint(f->crypto, f->server, identity_public(f->id)));
	memset(f->log, (int)f->room, sizeof(f->log));
	f->place =
	    (struct group_place){f->server, f->session, f->log, f->room_name};
	return &f->place;
}

void fake_step(struct fake *f)
{
	uint8_t next[WIRE_KEY];

	OK(group_join_step(f->crypto, next, f->secret));
	memcpy(f->secret, next, WIRE_KEY);
	f->epoch++;
	epoch_add(f);
}

/* --- frames ----------------------------------------------------------- */

static size_t frame_begin(struct fake *f)
{
	assert_true(f->n_frames < 256);
	return f->bodies.len;
}

static void frame_end(struct fake *f, uint8_t kind, size_t off)
{
	f->frames[f->n_frames].kind = kind;
	f->frames[f->n_frames].off = off;
	f->frames[f->n_frames].len = f->bodies.len - off;
	f->n_frames++;
}

void fake_flush(struct fake *f)
{
	struct link_frame frames[256];
	size_t i;

	if (f->n_frames == 0)
		return;
	for (i = 0; i < f->n_frames; i++)
		frames[i] = (struct link_frame){f->frames[i].kind,
		    f->bodies.p + f->frames[i].off, f->frames[i].len};
	OK(link_record(f->link, &f->out, frames, f->n_frames));
	f->n_frames = 0;
	buf_clear(&f->bodies);
}

void fake_control(struct fake *f, struct buf *json, bool step)
{
	size_t off = frame_begin(f);

	OK(link_control_seal(f->link, &f->bodies, json->p, json->len, step));
	frame_end(f, KIND_CONTROL, off);
	buf_free(json);
}

void fake_json(struct fake *f, const char *json)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(buf_str(&b, json));
	fake_control(f, &b, false);
}

void fake_done(struct fake *f, uint32_t number, uint32_t room)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_done(&b, number, room));
	fake_control(f, &b, false);
}

void fake_failed(
    struct fake *f, uint32_t number, enum wire_code code, const char *text)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(answer_failed(&b, number, code, text));
	fake_control(f, &b, false);
}

void fake_fill_key(struct fake *f, struct key_exchange *k)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12];
	struct kem_rsa_pub *pub = NULL;
	struct buf b;

	/* The client's seqs begin again. */
	f->own.sent = f->own.marked = 0;
	memset(k, 0, sizeof(*k));
	k->is_wrapped = true;
	k->room = f->room;
	k->epoch = f->epoch;
	k->member = f->member;
	snprintf(k->name, sizeof(k->name), "%s", f->room_name);
	memcpy(k->commit, fake_epoch(f, f->epoch)->commit, WIRE_HASH);
	memcpy(k->log, fake_place(f)->log, WIRE_LOG);
	k->has_since = f->keeps;
	k->since = f->since;
	memcpy(label, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	memcpy(label + sizeof(LABEL_GROUP_KEY), f->th5, WIRE_HASH);
	put_u32(label + sizeof(label) - 12, k->room);
	put_u32(label + sizeof(label) - 8, k->epoch);
	put_u32(label + sizeof(label) - 4, k->member);
	OK(kem_rsa_pub_from_spki(&pub, f->wrap_spki.p, f->wrap_spki.len));
	buf_init(&b, WIRE_RSA_MAX);
	OK(kem_rsa_seal(pub, &b, label, sizeof(label), f->secret));
	memcpy(k->wrapped, b.p, b.len);
	k->wrapped_len = b.len;
	buf_free(&b);
	kem_rsa_pub_free(pub);
}

void fake_fill_fresh(struct fake *f, struct key_exchange *k)
{
	OK(f->rng.fill(f->rng.arg, f->secret, sizeof(f->secret)));
	f->epoch++;
	epoch_add(f);
	memset(k, 0, sizeof(*k));
	k->room = f->room;
	k->epoch = f->epoch;
	memcpy(k->secret, f->secret, WIRE_KEY);
	memcpy(k->commit, fake_epoch(f, f->epoch)->commit, WIRE_HASH);
	memcpy(k->roster, fake_roster(f, f->epoch), WIRE_HASH);
	snprintf(k->reason, sizeof(k->reason), "timer");
}

void fake_put_key(struct fake *f, const struct key_exchange *k)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(control_key_exchange(&b, k));
	fake_control(f, &b, true);
}

void fake_fresh(struct fake *f, const char *reason)
{
	struct key_exchange k;

	fake_fill_fresh(f, &k);
	snprintf(k.reason, sizeof(k.reason), "%s", reason);
	fake_put_key(f, &k);
}

void fake_fill_list(struct fake *f, struct user_list *l, uint32_t after)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	l->room = f->room;
	l->total = f->n_people;
	l->seq = f->notice_seq;
	memcpy(l->roster,
	    after == 0 ? roster_make(f, f->epoch) : fake_roster(f, f->epoch),
	    WIRE_HASH);
	for (i = 0; i < f->n_people && l->n_users < WIRE_PAGE; i++)
		if (f->people[i].member > after)
			l->users[l->n_users++] = f->people[i];
	l->has_entry = after == 0;
	l->entry.head = f->head;
	l->entry.settings = room_settings_default;
	if (f->keeps)
		l->entry.settings.history = HISTORY_MEMBERS;
	snprintf(l->entry.topic, sizeof(l->entry.topic), "tea");
}

void fake_put_list(struct fake *f, const struct user_list *l)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(control_user_list(&b, l));
	fake_control(f, &b, false);
}

void fake_admit(struct fake *f)
{
	struct key_exchange k;
	struct user_list l;

	fake_fill_key(f, &k);
	fake_put_key(f, &k);
	fake_fill_list(f, &l, 0);
	fake_put_list(f, &l);
}

void fake_bye(struct fake *f, enum wire_code code)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(control_bye(&b, code, ""));
	fake_control(f, &b, false);
}

void fake_ping(struct fake *f, bool pong, int64_t id)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(control_ping(&b, pong, id));
	fake_control(f, &b, false);
}

/* --- the log ------------------------------------------------------------- */

void fake_log(struct fake *f)
{
	OK(log_head_start(f->crypto, &f->head, fake_place(f)->log));
	f->offset = 0;
}

/* What a frame of another room says is not in this log. */
static void log_add(struct fake *f, const uint8_t *body, size_t n)
{
	uint8_t d[WIRE_HASH];

	if (get_u32(body + WIRE_OFFSET) != f->room)
		return;
	OK(crypto_hash1(f->crypto, d, body + WIRE_OFFSET, n - WIRE_OFFSET));
	fake_kept_add(f, body, n, d);
	OK(log_head_add(f->crypto, &f->head, d));
	f->offset = f->head.offset;
}

void fake_mark(struct fake *f, const struct log_mark *m)
{
	size_t off = frame_begin(f);
	uint8_t body[WIRE_MARK];

	log_mark_encode(body, m);
	OK(buf_put(&f->bodies, body, sizeof(body)));
	frame_end(f, KIND_MARK, off);
}

static void mark_next(struct fake *f, uint64_t seq, const uint8_t *d)
{
	struct log_mark m = {
	    .offset = f->head.offset + 1, .room = f->room, .seq = seq};

	memcpy(m.digest, d, WIRE_HASH);
	fake_kept_add(f, NULL, 0, d);
	OK(log_head_add(f->crypto, &f->head, d));
	f->offset = f->head.offset;
	fake_mark(f, &m);
}

void fake_pass(struct fake *f)
{
	uint8_t d[WIRE_HASH];

	OK(f->rng.fill(f->rng.arg, d, sizeof(d)));
	mark_next(f, 0, d);
}

void fake_put_ack(struct fake *f, uint64_t seq, uint64_t offset)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(control_ack(&b, f->room, seq, offset));
	fake_control(f, &b, false);
}

void fake_ack(struct fake *f, uint64_t seq)
{
	struct fake_own *own = &f->own;

	while (own->marked < seq && own->marked < own->sent) {
		own->marked++;
		mark_next(f, own->marked, own->digest[own->marked % FAKE_OWN]);
		own->offset = f->offset;
	}
	fake_put_ack(f, seq, seq == own->marked ? own->offset : f->offset);
}

const char *fake_view(struct fake *f, const struct log_head *head)
{
	static char b64[(WIRE_VIEW + 2) / 3 * 4 + 1];
	uint8_t view[WIRE_VIEW];

	log_view_encode(view, head, fake_place(f)->log);
	b64_encode(b64, view, sizeof(view));
	return b64;
}

static void group_put(struct fake *f, const struct group_epoch *e,
    const struct group_sender *from, const struct identity *signer,
    uint64_t seq, const void *json, size_t n, size_t flip)
{
	size_t off = frame_begin(f);

	OK(group_seal(f->crypto, &f->bodies,
	    &(struct group_context){.place = fake_place(f),
		.epoch = e,
		.roster = fake_roster(f, e->epoch),
		.from = from,
		.signer = signer},
	    seq, json, n));
	group_set_offset(f->bodies.p + off, f->offset + 1);
	if (flip != 0)
		f->bodies.p[off + flip] ^= 1;
	log_add(f, f->bodies.p + off, f->bodies.len - off);
	frame_end(f, KIND_GROUP, off);
}

void fake_notice_json(
    struct fake *f, uint32_t sealed_in, uint64_t seq, const char *json)
{
	static const uint8_t no_card[WIRE_HASH];
	const struct group_sender from = {
	    0, "", identity_public(f->id), no_card};

	group_put(f, fake_epoch(f, sealed_in), &from, f->id, seq, json,
	    strlen(json), 0);
}

static void notice(struct fake *f, enum notice_event e, uint32_t sealed_in,
    uint32_t names, const struct user *users, size_t n,
    const struct notice_more *more)
{
	struct buf b;

	buf_init(&b, WIRE_JSON_MAX);
	OK(notice_encode(&b, &(struct notice_of){.event = e,
				 .epoch = names,
				 .commit = fake_epoch(f, names)->commit,
				 .roster = fake_roster(f, names),
				 .users = users,
				 .n_users = n,
				 .more = more,
				 .ts = 1700000000000}));
	OK(buf_u8(&b, 0));
	fake_notice_json(f, sealed_in, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
}

void fake_notice(struct fake *f, enum notice_event e, uint32_t sealed_in,
    uint32_t names, const struct user *users, size_t n)
{
	notice(f, e, sealed_in, names, users, n, NULL);
}

void fake_notice_event(
    struct fake *f, uint64_t seq, const char *event, uint32_t names, int spoil)
{
	uint8_t commit[WIRE_HASH];
	char b64[B64_LEN(WIRE_HASH) + 1], roster[sizeof(b64)], json[256];

	memcpy(commit, fake_epoch(f, names)->commit, WIRE_HASH);
	commit[0] ^= (uint8_t)spoil;
	b64_encode(b64, commit, WIRE_HASH);
	b64_encode(roster, fake_roster(f, names), WIRE_HASH);
	snprintf(json, sizeof(json),
	    "{\"type\":\"system\",\"event\":\"%s\",\"epoch\":%u,"
	    "\"commit\":\"%s\",\"roster\":\"%s\",\"users\":[],\"ts\":1}",
	    event, names, b64, roster);
	fake_notice_json(f, f->epochs[0].epoch, seq, json);
}

void fake_join(struct fake *f, const struct peer *p)
{
	(void)fake_roster(f, f->epoch);
	fake_step(f);
	fake_person(f, &p->user);
	fake_notice(f, NOTICE_JOIN, f->epoch - 1, f->epoch, &p->user, 1);
}

void fake_gone(struct fake *f, uint32_t member)
{
	size_t i = 0;

	while (i < f->n_people && f->people[i].member != member)
		i++;
	assert_true(i < f->n_people);
	f->n_people--;
	memmove(&f->people[i], &f->people[i + 1],
	    (f->n_people - i) * sizeof(*f->people));
}

void fake_leave(struct fake *f, const struct peer *p, const char *reason)
{
	const struct notice_more more = {.quit = strcmp(reason, "quit") == 0};

	fake_gone(f, p->user.member);
	fake_fresh(f, more.quit ? "leave" : reason);
	notice(f, strcmp(reason, "kick") == 0 ? NOTICE_KICK : NOTICE_LEAVE,
	    f->epoch, f->epoch, &p->user, 1, &more);
}

void fake_say_as(struct fake *f, struct peer *p, const struct saying *s)
{
	const struct group_sender from = {
	    s->member ? s->member : p->user.member, p->user.name,
	    identity_public(p->id), p->user.card};
	struct group_epoch e;
	uint8_t id[WIRE_ID] = {0};
	struct buf b;

	e = *fake_epoch(f, s->epoch ? s->epoch : f->epoch);
	if (s->room)
		e.room = s->room;
	put_u32(id, from.id);
	put_u64(id + 8, s->seq);
	buf_init(&b, WIRE_JSON_MAX);
	if (s->json != NULL)
		OK(buf_str(&b, s->json));
	else
		OK(content_message(&b, s->id ? s->id : id, 1700000000001,
		    s->text, strlen(s->text), false));
	group_put(f, &e, &from, s->signer ? s->signer : p->id, s->seq, b.p,
	    b.len, s->flip);
	buf_free(&b);
}

void fake_say(struct fake *f, struct peer *p, const char *text)
{
	const struct saying s = {.seq = ++p->seq, .text = text};

	fake_say_as(f, p, &s);
}

void fake_say_view(struct fake *f, struct peer *p, const struct log_head *head)
{
	struct saying s = {.seq = ++p->seq};
	char json[400];

	snprintf(json, sizeof(json),
	    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAA%c%c==\","
	    "\"text\":\"x\",\"ts\":1,\"view\":\"%s\"}",
	    (int)('A' + p->seq), 'A', fake_view(f, head));
	s.json = json;
	fake_say_as(f, p, &s);
}
