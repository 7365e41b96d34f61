/* The fake server's history: keeps the log of its room, and gives it back. */
#include "tests/unit/fake_server.h"

#define OK(call) assert_int_equal((call), 0)

void fake_keep(struct fake *f)
{
	f->keeps = true;
	f->since = f->head.offset;
}

void fake_kept_add(
    struct fake *f, const uint8_t *body, size_t n, const uint8_t *digest)
{
	struct fake_kept *k = &f->kept[f->n_kept];

	if (!f->keeps)
		return;
	assert_true(f->n_kept < FAKE_KEPT);
	f->n_kept++;
	memcpy(k->digest, digest, WIRE_HASH);
	k->before = f->head;
	k->body = NULL;
	if (body == NULL)
		return;
	k->body = malloc(n);
	assert_non_null(k->body);
	memcpy(k->body, body, n);
	k->n = n;
}

void fake_kept_free(struct fake *f)
{
	while (f->n_kept > 0)
		free(f->kept[--f->n_kept].body);
}

void fake_unseen(struct fake *f)
{
	const struct fake_kept *k = &f->kept[f->n_kept - 1];
	struct log_mark m = {.offset = k->before.offset + 1, .room = f->room};

	assert_true(f->n_frames > 0 && f->n_kept > 0);
	f->n_frames--;
	memcpy(m.digest, k->digest, WIRE_HASH);
	fake_mark(f, &m);
}

void fake_away(struct fake *f)
{
	f->n_frames = 0;
	buf_clear(&f->bodies);
}

void fake_logged(struct fake *f, uint64_t seq)
{
	uint8_t *p = f->own.body[seq % FAKE_BODIES].p;
	const uint8_t *d = f->own.digest[seq % FAKE_OWN];

	f->own.as = f->self;
	group_set_offset(p, f->offset + 1);
	fake_kept_add(f, p, f->own.body[seq % FAKE_BODIES].n, d);
	OK(log_head_add(f->crypto, &f->head, d));
	f->offset = f->head.offset;
}

static const struct fake_kept *kept_at(struct fake *f, uint64_t offset)
{
	size_t i;

	for (i = 0; i < f->n_kept; i++)
		if (f->kept[i].before.offset + 1 == offset)
			return &f->kept[i];
	fail_msg("no entry %llu", (unsigned long long)offset);
	return NULL;
}

/* All epochs, and everybody who could have said something. */
static void fill_run(struct fake *f, struct log_batch_run *run)
{
	const uint32_t me = f->own.as.member; /* 0: has said nothing in it */
	size_t i;

	memcpy(run->session, f->session, WIRE_NONCE);
	run->epoch = calloc(f->n_epochs, sizeof(run->epoch[0]));
	run->user = calloc(f->n_peers + 2, sizeof(run->user[0]));
	assert_true(run->epoch != NULL && run->user != NULL);
	for (i = 0; i < f->n_epochs; i++) {
		run->epoch[i].epoch = f->epochs[i].epoch;
		memcpy(run->epoch[i].base, f->epochs[i].base, WIRE_KEY);
		memcpy(run->epoch[i].roster, fake_roster(f, f->epochs[i].epoch),
		    WIRE_HASH);
	}
	run->n_epochs = f->n_epochs;
	for (i = 0; i < f->n_peers && f->peers[i].user.member < me; i++)
		run->user[run->n_users++] = f->peers[i].user;
	if (me != 0)
		run->user[run->n_users++] = f->own.as;
	for (; i < f->n_peers; i++)
		run->user[run->n_users++] = f->peers[i].user;
}

static void put_entry(struct fake *f, uint64_t offset)
{
	const struct fake_kept *k = kept_at(f, offset);
	struct log_mark m = {.offset = offset, .room = f->room};
	uint8_t head[LOG_BATCH_HEAD], mark[WIRE_MARK];
	size_t off = f->bodies.len;

	memcpy(m.digest, k->digest, WIRE_HASH);
	log_mark_encode(mark, &m);
	log_batch_entry_head(head, k->body == NULL ? LOG_BATCH_MARK : 0);
	OK(buf_put(&f->bodies, head, sizeof(head)));
	OK(k->body == NULL ? buf_put(&f->bodies, mark, sizeof(mark))
			   : buf_put(&f->bodies, k->body, k->n));
	assert_true(f->n_frames < 256);
	f->frames[f->n_frames].kind = KIND_HISTORY;
	f->frames[f->n_frames].off = off;
	f->frames[f->n_frames++].len = f->bodies.len - off;
}

void fake_batch(struct fake *f, uint32_t number, uint64_t first, uint64_t last,
    void (*change)(struct log_batch *h))
{
	struct log_batch h = {.number = number,
	    .room = f->room,
	    .first = first,
	    .last = last,
	    .oldest = f->kept[0].before.offset + 1,
	    .n_runs = 1};
	struct buf b;

	h.run = calloc(1, sizeof(h.run[0]));
	assert_non_null(h.run);
	fill_run(f, &h.run[0]);
	memcpy(h.chain, kept_at(f, first)->before.chain, WIRE_HASH);
	if (change != NULL)
		change(&h);
	buf_init(&b, WIRE_JSON_MAX);
	OK(log_batch_encode(&b, &h));
	log_batch_free(&h);
	fake_control(f, &b, true);
	for (; first <= last; first++)
		put_entry(f, first);
}

void fake_checkpoint(struct fake *f, const struct log_head *head)
{
	struct notice_more more = {.offset = head->offset};
	struct buf b;

	memcpy(more.chain, head->chain, WIRE_HASH);
	buf_init(&b, WIRE_JSON_MAX);
	OK(notice_encode(&b, &(struct notice_of){.event = NOTICE_CHECKPOINT,
				 .epoch = f->epoch,
				 .commit = fake_epoch(f, f->epoch)->commit,
				 .roster = fake_roster(f, f->epoch),
				 .more = &more,
				 .ts = 1700000000000}));
	OK(buf_u8(&b, 0));
	fake_notice_json(f, f->epoch, ++f->notice_seq, (const char *)b.p);
	buf_free(&b);
}
