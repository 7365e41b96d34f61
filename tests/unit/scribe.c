/* A writer of transcripts, with keys of its own. */
#include "scribe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/proto/content.h"
#include "shared/proto/content_view.h"
#include "shared/proto/direct.h"

static const char *const names[] = {"", "alice", "bob"};

static void must(int r)
{
	if (r != 0) {
		fprintf(stderr, "scribe: %s\n", err_str(r));
		abort();
	}
}

void scribe_init(struct scribe *s)
{
	uint8_t seed[32], secret[WIRE_KEY];
	size_t i;

	memset(s, 0, sizeof(*s));
	if ((s->crypto = crypto_new()) == NULL)
		must(ERR_NOMEM);
	buf_init(&s->out, SIZE_MAX);
	for (i = 0; i < 3; i++) {
		memset(seed, (int)i + 1, sizeof(seed));
		if ((s->id[i] = identity_from_seed(seed)) == NULL)
			must(ERR_NOMEM);
		if (i > 0)
			memset(s->card[i], (int)i, WIRE_HASH);
	}
	must(ed25519_fingerprint(
	    s->crypto, s->server, identity_public(s->id[0])));
	memset(s->session, 4, sizeof(s->session));
	memset(s->log, 5, sizeof(s->log));
	memset(s->roster, 6, sizeof(s->roster));
	memset(secret, 7, sizeof(secret));
	must(group_epoch_make(s->crypto, &s->epoch, 1, 9, secret));
	must(log_head_start(s->crypto, &s->at, s->log));
	s->number = 1;
}

void scribe_free(struct scribe *s)
{
	size_t i;

	for (i = 0; i < 3; i++)
		identity_free(s->id[i]);
	buf_free(&s->out);
	crypto_free(s->crypto);
}

void scribe_put(struct scribe *s, const struct transcript_line *l)
{
	must(transcript_put(s->crypto, &s->out, s->hash, l));
}

static void put_person(struct scribe *s, uint32_t member)
{
	struct transcript_line l = {
	    .type = TRANSCRIPT_PERSON, .member = member};

	snprintf(l.name, sizeof(l.name), "%s", names[member]);
	memcpy(l.identity, identity_public(s->id[member]), WIRE_ED25519);
	memcpy(l.card, s->card[member], WIRE_HASH);
	scribe_put(s, &l);
}

void scribe_begin(struct scribe *s)
{
	struct transcript_line l = {.type = TRANSCRIPT_HEAD,
	    .number = s->number,
	    .room = "lobby",
	    .name = "alice",
	    .at = s->at,
	    .ts = 1000};

	memcpy(l.previous, s->hash, WIRE_HASH);
	memcpy(l.server, identity_public(s->id[0]), WIRE_ED25519);
	memcpy(l.identity, identity_public(s->id[1]), WIRE_ED25519);
	memcpy(l.log, s->log, WIRE_LOG);
	scribe_put(s, &l);
	l = (struct transcript_line){.type = TRANSCRIPT_RUN};
	memcpy(l.session, s->session, WIRE_NONCE);
	scribe_put(s, &l);
	l = (struct transcript_line){
	    .type = TRANSCRIPT_EPOCH, .epoch = s->epoch.epoch};
	memcpy(l.commit, s->epoch.commit, WIRE_HASH);
	memcpy(l.roster, s->roster, WIRE_HASH);
	scribe_put(s, &l);
	put_person(s, 1);
	put_person(s, 2);
}

static void add(struct scribe *s, const uint8_t digest[WIRE_HASH])
{
	must(log_head_add(s->crypto, &s->at, digest));
}

static void content_of(
    struct scribe *s, uint32_t member, const char *text, struct buf *out)
{
	static const char notice[] =
	    "{\"type\":\"system\",\"event\":\"other\",\"ts\":1000}";
	uint8_t id[WIRE_ID] = {0}, view[WIRE_VIEW];
	struct buf bare;

	if (member == 0) {
		must(buf_put(out, notice, sizeof(notice) - 1));
		return;
	}
	put_u64(id, s->at.offset);
	id[15] = (uint8_t)member;
	buf_init(&bare, WIRE_JSON_MAX);
	must(content_message(
	    &bare, id, 1000 + s->at.offset, text, strlen(text), false));
	must(content_view_add(out, bare.p, bare.len));
	log_view_encode(view, &s->at, s->log);
	must(content_view_fill(out->p, out->len, view));
	buf_free(&bare);
}

/* An entry with this content. */
static void put_frame(
    struct scribe *s, uint32_t member, const struct buf *content)
{
	const struct group_place place = {
	    s->server, s->session, s->log, "lobby"};
	const struct group_sender from = {member, names[member],
	    identity_public(s->id[member]), s->card[member]};
	const struct group_context g = {
	    &place, &s->epoch, s->roster, &from, s->id[member]};
	struct transcript_line l = {.type = TRANSCRIPT_ENTRY, .opened = true};
	struct buf body;
	uint8_t d[WIRE_HASH];

	buf_init(&body, TRANSCRIPT_LINE_MAX);
	must(group_seal(
	    s->crypto, &body, &g, ++s->seq[member], content->p, content->len));
	must(group_sender_key(
	    s->crypto, l.key, &s->epoch, member, s->card[member]));
	must(crypto_hash1(
	    s->crypto, d, body.p + WIRE_OFFSET, body.len - WIRE_OFFSET));
	l.at.offset = s->at.offset + 1;
	l.body = body.p;
	l.n_body = body.len;
	scribe_put(s, &l);
	add(s, d);
	buf_free(&body);
}

void scribe_says(struct scribe *s, uint32_t member, const char *text)
{
	struct buf content;

	buf_init(&content, WIRE_JSON_MAX);
	content_of(s, member, text, &content);
	put_frame(s, member, &content);
	buf_free(&content);
}

void scribe_topic(struct scribe *s, uint32_t member, const char *text)
{
	const struct content_topic t = {
	    .id = {7}, .text = text, .text_len = strlen(text)};
	struct buf content;

	buf_init(&content, WIRE_JSON_MAX);
	must(content_topic(&content, &t, 1000));
	put_frame(s, member, &content);
	buf_free(&content);
}

static void put_notice(struct scribe *s, enum notice_event event,
    const struct notice_more *more)
{
	const struct notice_of n = {.event = event,
	    .epoch = s->epoch.epoch,
	    .commit = s->epoch.commit,
	    .roster = s->roster,
	    .more = more,
	    .ts = 5000};
	struct buf content;

	buf_init(&content, WIRE_JSON_MAX);
	must(notice_encode(&content, &n));
	put_frame(s, 0, &content);
	buf_free(&content);
}

void scribe_room(struct scribe *s, const char *topic, bool sealed)
{
	struct notice_more more = {
	    .by = "alice", .settings = room_settings_default};

	more.settings.sealed = sealed;
	snprintf(more.topic, sizeof(more.topic), "%s", topic);
	put_notice(s, NOTICE_ROOM, &more);
}

void scribe_checkpoint(struct scribe *s, const struct log_head *at)
{
	struct notice_more more = {.offset = at->offset};

	memcpy(more.chain, at->chain, WIRE_HASH);
	put_notice(s, NOTICE_CHECKPOINT, &more);
}

void scribe_digest(struct scribe *s, uint8_t what)
{
	struct transcript_line l = {.type = TRANSCRIPT_ENTRY};

	memset(l.digest, what, WIRE_HASH);
	l.at.offset = s->at.offset + 1;
	scribe_put(s, &l);
	add(s, l.digest);
}

void scribe_gap(struct scribe *s, uint64_t upto, uint8_t chain)
{
	struct transcript_line l = {.type = TRANSCRIPT_FROM};

	s->at.offset = upto;
	memset(s->at.chain, chain, WIRE_HASH);
	l.at = s->at;
	scribe_put(s, &l);
}

void scribe_end(struct scribe *s)
{
	const struct transcript_line l = {
	    .type = TRANSCRIPT_END, .at = s->at, .ts = 2000};

	scribe_put(s, &l);
}

/* --- direct messages ---------------------------------------------------------- */

void scribe_direct_begin(struct scribe *s, uint32_t writer)
{
	struct transcript_line l = {.type = TRANSCRIPT_HEAD,
	    .number = s->number,
	    .direct = true,
	    .ts = 1000};

	snprintf(l.name, sizeof(l.name), "%s", names[writer]);
	snprintf(l.with, sizeof(l.with), "%s", names[3 - writer]);
	memcpy(l.previous, s->hash, WIRE_HASH);
	memcpy(l.server, identity_public(s->id[0]), WIRE_ED25519);
	memcpy(l.identity, identity_public(s->id[writer]), WIRE_ED25519);
	scribe_put(s, &l);
	scribe_device(s, names[3 - writer], s->id[3 - writer]);
}

void scribe_device(
    struct scribe *s, const char *name, const struct identity *id)
{
	struct transcript_line l = {.type = TRANSCRIPT_DEVICE};

	snprintf(l.name, sizeof(l.name), "%s", name);
	memcpy(l.identity, identity_public(id), WIRE_ED25519);
	scribe_put(s, &l);
}

static int fill(void *arg, void *p, size_t n)
{
	struct scribe *s = arg;

	memset(p, ++s->random, n);
	return 0;
}

void scribe_direct(struct scribe *s, const struct identity *from,
    const struct identity *to, const struct buf *content)
{
	const struct rng rng = {fill, s};
	struct transcript_line l = {.type = TRANSCRIPT_DIRECT};
	struct dh *pair = dh_new(&rng);
	struct direct_to t = {
	    s->server, identity_public(to), dh_public(pair), l.key};
	struct buf body;

	buf_init(&body, TRANSCRIPT_LINE_MAX);
	must(direct_seal(
	    s->crypto, &body, 0, &t, from, &rng, content->p, content->len));
	l.body = body.p;
	l.n_body = body.len;
	scribe_put(s, &l);
	buf_free(&body);
	dh_free(pair);
}

void scribe_letter(struct scribe *s, const struct identity *from,
    const struct identity *to, uint8_t id, const char *text)
{
	const uint8_t full[WIRE_ID] = {id};
	struct buf content;

	buf_init(&content, WIRE_JSON_MAX);
	must(content_message(
	    &content, full, 1000 + id, text, strlen(text), false));
	scribe_direct(s, from, to, &content);
	buf_free(&content);
}

void scribe_shown(struct scribe *s, const struct identity *who,
    const struct identity *to, uint8_t id)
{
	const struct content_delivered d = {
	    .id = {id, 1}, .ids = {{id}}, .n = 1};
	struct buf content;

	buf_init(&content, WIRE_JSON_MAX);
	must(content_delivered(&content, &d, 1000));
	scribe_direct(s, who, to, &content);
	buf_free(&content);
}

void scribe_direct_end(struct scribe *s)
{
	const struct transcript_line l = {
	    .type = TRANSCRIPT_END, .direct = true, .ts = 2000};

	scribe_put(s, &l);
}
