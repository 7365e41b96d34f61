/* Fuzzes what a client takes of a room's history: a program of requests, heads of
 * batches and entries, of which most are nearly right. What is passed on comes in
 * the order of the offsets, each once, and within what was asked for. */
#include "client/session/past.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/people_of.h"

enum { ROOM = 3, RUNS = 2, EPOCHS = 3, USERS = 3 };

static const uint8_t zeros[WIRE_HASH];
static const char *const contents[] = {
    "{\"type\":\"message\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"ts\":1,"
    "\"text\":\"hi\"}",
    "{\"type\":\"delete\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAQ==\",\"ts\":1,"
    "\"of\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}",
    "{\"type\":\"something\"}", "{", "[]"};

struct seen {
	struct past *past;
	struct fuzz *f;
	bool asked;
	uint64_t last;	       /* entry that was passed on */
	struct log_batch head; /* the newest that was taken */
	struct log_head at;    /* of what we make */
	uint8_t lie;	       /* known says another chain */
	struct parties *parties;
};

static const uint8_t *known(void *arg, uint64_t offset)
{
	const struct seen *s = arg;
	static const uint8_t other[WIRE_HASH] = {1};

	return s->lie != 0 && offset % 256 == s->lie ? other : NULL;
}

static enum trust meet(void *arg, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity_fp[WIRE_HASH])
{
	(void)arg, (void)server, (void)name, (void)identity_fp;
	return TRUST_NEW;
}

static int on_entry(void *arg, const struct past_entry *e)
{
	struct seen *s = arg;

	FUZZ_CHECK(s->asked && e->head.offset == s->last + 1);
	FUZZ_CHECK(e->head.room == ROOM);
	FUZZ_CHECK(
	    e->head.offset >= s->head.first && e->head.offset <= s->head.last);
	FUZZ_CHECK((e->content == NULL) == (e->reason != NULL));
	FUZZ_CHECK(e->person == NULL || e->person->member == e->head.sender);
	s->last = e->head.offset;
	return fuzz_u8(s->f) == 255 ? ERR_NOMEM : 0;
}

/* After an error the room cannot be read: past.h. */
static void over(struct seen *s, int err)
{
	FUZZ_CHECK(err == 0 || err_is_peer(err) || err == ERR_NOMEM);
	if (err == 0)
		return;
	past_clear(s->past);
	FUZZ_CHECK(!past_waits(s->past));
	s->asked = false;
}

static void ask(struct seen *s)
{
	const struct past_range range = {.offset = fuzz_u8(s->f) % 32,
	    .before = fuzz_u8(s->f) % 2 == 1,
	    .count = fuzz_u8(s->f) % 32 + 1};

	if (past_ask(s->past, ROOM, &range) == 0)
		s->asked = true;
	FUZZ_CHECK(past_waits(s->past));
}

static void head(struct seen *s)
{
	struct log_batch_epoch epochs[RUNS][EPOCHS] = {0};
	struct user users[RUNS][USERS] = {0};
	struct log_batch_run runs[RUNS] = {0};
	struct log_batch h = {.room = fuzz_u8(s->f) == 255 ? 9 : ROOM,
	    .first = fuzz_u8(s->f) % 32,
	    .run = runs,
	    .n_runs = RUNS};
	size_t r, i;
	int e;

	h.last = h.first == 0 ? 0 : h.first + fuzz_u8(s->f) % 8;
	h.oldest = fuzz_u8(s->f) % 16;
	memset(h.chain, 0x11, h.first == 0 ? 0 : sizeof(h.chain));
	for (r = 0; r < RUNS; r++) {
		runs[r].epoch = epochs[r];
		runs[r].user = users[r];
		runs[r].n_epochs = runs[r].n_users = EPOCHS;
		for (i = 0; i < EPOCHS; i++) {
			epochs[r][i].epoch = (uint32_t)i;
			users[r][i].member = (uint32_t)i + 1;
			snprintf(users[r][i].name, sizeof(users[r][i].name),
			    "p%zu", i);
			memcpy(users[r][i].identity,
			    identity_public(people_identity((unsigned)i + 1)),
			    WIRE_ED25519);
		}
	}
	e = past_head(s->past, &h);
	over(s, e);
	if (e != 0)
		return;
	FUZZ_CHECK(s->asked);
	s->head = h;
	s->last = h.first == 0 ? 0 : h.first - 1;
	s->at.offset = s->last;
}

/* An entry at the next offset, or at another one. */
static void entry(struct seen *s)
{
	static const uint8_t other[WIRE_NONCE] = {7};
	const uint8_t what = fuzz_u8(s->f), who = fuzz_u8(s->f) % (USERS + 2);
	const struct group_place place = {
	    s->parties->server, other, zeros, "r"};
	const struct group_sender from = {who, "p", zeros, zeros};
	const struct log_mark m = {s->last + 1 + (what == 255), ROOM, 0, {0}};
	uint8_t mark[LOG_BATCH_HEAD + WIRE_MARK];
	struct group_epoch epoch;
	const char *text;
	struct buf b;

	if (what % 4 == 0) {
		log_batch_entry_head(mark, LOG_BATCH_MARK);
		log_mark_encode(mark + LOG_BATCH_HEAD, &m);
		over(s, past_entry(s->past, mark, sizeof(mark)));
		return;
	}
	buf_init(&b, 1 << 16);
	FUZZ_CHECK(group_epoch_of_base(fuzz_crypto(), &epoch, ROOM,
		       fuzz_u8(s->f) % (EPOCHS + 1), zeros) == 0);
	text =
	    contents[fuzz_u8(s->f) % (sizeof(contents) / sizeof(contents[0]))];
	FUZZ_CHECK(
	    buf_u8(&b, 0) == 0 && buf_u8(&b, fuzz_u8(s->f) % (RUNS + 1)) == 0);
	fuzz_plain_begin(); /* the same nonce for many is the server's lie */
	FUZZ_CHECK(group_seal(fuzz_crypto(), &b,
		       &(struct group_context){.place = &place,
			   .epoch = &epoch,
			   .roster = zeros,
			   .from = &from,
			   .signer = people_identity(who % PEOPLE)},
		       fuzz_u8(s->f), text, strlen(text)) == 0);
	group_set_offset(b.p + LOG_BATCH_HEAD, s->last + 1 + (what == 255));
	over(s, past_entry(s->past, b.p, b.len));
	buf_free(&b);
}

static void raw(struct seen *s)
{
	size_t n;
	const uint8_t *p = fuzz_piece(s->f, &n);
	uint8_t *exact = fuzz_copy(p, n);

	over(s, past_entry(s->past, exact, n));
	free(exact);
}

static void end(struct seen *s)
{
	struct past_got got;
	int e = past_end(s->past, fuzz_u8(s->f) % 4 != 0, &got);

	FUZZ_CHECK(e == 0 || e == ERR_STATE);
	if (e != 0)
		return;
	FUZZ_CHECK(s->asked && !past_waits(s->past));
	s->asked = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct group_place place = {zeros, zeros, zeros, "r"};
	struct parties parties = {
	    .crypto = fuzz_crypto(), .people = {.meet = meet}};
	struct fuzz f = fuzz_of(data, size);
	struct seen s = {.f = &f, .parties = &parties};

	fuzz_plain_crypto();
	fuzz_plain_begin();
	memcpy(parties.self.identity, identity_public(people_identity(1)),
	    WIRE_ED25519);
	s.lie = fuzz_u8(&f);
	s.past = past_new(&(struct past_opts){.parties = &parties,
	    .place = &place,
	    .known = known,
	    .entry = on_entry,
	    .arg = &s});
	FUZZ_CHECK(s.past != NULL);
	while (f.left > 0) {
		switch (fuzz_u8(&f) % 6) {
		case 0:
			ask(&s);
			break;
		case 1:
			head(&s);
			break;
		case 2:
		case 3:
			entry(&s);
			break;
		case 4:
			raw(&s);
			break;
		default:
			end(&s);
		}
	}
	past_free(s.past);
	return 0;
}
