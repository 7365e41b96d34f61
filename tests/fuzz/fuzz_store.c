/* Fuzzes what the relay hears from a keeper that was broken into: messages of any
 * bytes and kinds, while puts and questions are open. Everything is given back
 * and answered once, in the end. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/store/store_int.h"
#include "tests/fuzz/fuzz.h"

enum { PUTS = 8, ASKS = 4 };
static const struct logger quiet = {.level = LOGGER_ERROR};

struct seen {
	unsigned given_back, answered, backed_up;
	uint64_t committed;
	struct store *s;
};

static void give_back(void *owner)
{
	((struct seen *)owner)->given_back++;
}

static void on_committed(void *arg)
{
	struct seen *seen = arg;

	FUZZ_CHECK(store_committed(seen->s) > seen->committed);
	seen->committed = store_committed(seen->s);
	FUZZ_CHECK(seen->committed <= PUTS);
}

static void on_range(void *arg, const struct store_range *r)
{
	size_t i, k, n = 0;

	((struct seen *)arg)->answered++;
	for (i = 0; i < r->n_entries; i++) {
		FUZZ_CHECK(
		    i == 0 || r->entry[i].offset == r->entry[i - 1].offset + 1);
		FUZZ_CHECK(
		    r->entry[i].bytes == NULL || r->entry[i].run < r->n_runs);
	}
	for (i = 0; i < r->n_runs; i++) {
		for (k = 0; k < r->run[i].n_people; k++)
			n += r->run[i].person[k].len;
		for (k = 0; k < r->run[i].n_epochs; k++)
			n += r->run[i].epoch[k].base[0];
	}
	for (i = 0; i < r->n_direct; i++) {
		FUZZ_CHECK(i == 0 ||
			   r->direct[i].number > r->direct[i - 1].number);
		n += r->direct[i].bytes[r->direct[i].len - 1] +
		     strlen(r->direct[i].name);
	}
	FUZZ_CHECK(n < SIZE_MAX); /* all of it was read */
}

static void on_backup(void *arg, int err, const char *text)
{
	(void)err;
	((struct seen *)arg)->backed_up++;
	FUZZ_CHECK(strlen(text) <= STORE_SENTENCE_MAX);
}

static struct store *store_of(struct seen *seen, int fd)
{
	static const uint8_t body[200];
	const struct store_events events = {
	    .committed = on_committed, .arg = seen};
	struct store *s = store_start(fd, &events, &quiet);
	struct store_entry e = {.room = 1,
	    .head = {.offset = 1},
	    .bytes = body,
	    .len = sizeof(body),
	    .done = give_back,
	    .owner = seen};
	struct store_question q = {
	    .room = 1, .count = 5, .bytes = 1000, .got = on_range, .arg = seen};
	int i;

	FUZZ_CHECK(s != NULL);
	seen->s = s;
	s->run = 1;
	s->state = STORE_UP;
	for (i = 0; i < PUTS; i++)
		FUZZ_CHECK(store_put_entry(s, &e, NULL) == 0);
	for (i = 0; i < ASKS; i++)
		FUZZ_CHECK(store_read(s, &q) == 0);
	FUZZ_CHECK(store_backup(s, -1, on_backup, seen) == 0);
	/* As if they were sent. */
	s->asked = s->waiting;
	if (s->asked.first == NULL)
		s->asked.end = &s->asked.first;
	store_asks_init(&s->waiting);
	return s;
}

static void put_frame(struct store *s, struct fuzz *f)
{
	uint8_t kind = fuzz_u8(f);
	size_t n;
	const uint8_t *p = fuzz_piece(f, &n);
	size_t at;

	if (s->in.max - s->in.len < n + 64)
		return;
	if (kind < STORE_RUN || kind > STORE_BACKED_UP)
		kind = (uint8_t)(STORE_RUNNING +
				 kind % (STORE_BACKED_UP - STORE_RUNNING + 1));
	FUZZ_CHECK(store_frame_begin(&s->in, kind, &at) == 0);
	FUZZ_CHECK(buf_put(&s->in, p, n) == 0);
	FUZZ_CHECK(store_frame_end(&s->in, at, 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	struct seen seen = {.given_back = 0};
	struct store *s = store_of(&seen, eventfd(0, EFD_CLOEXEC));
	uint8_t how = fuzz_u8(&f);
	size_t n;
	const uint8_t *p;
	int r = 0;

	s->state = (how & 1) != 0 ? STORE_ASKED_RUN : STORE_UP;
	if ((how & 2) != 0) {
		p = fuzz_rest(&f, &n);
		n = n < s->in.max ? n : s->in.max;
		FUZZ_CHECK(buf_put(&s->in, p, n) == 0);
		r = store_hear(s);
	}
	while (f.left > 0 && r == 0) {
		put_frame(s, &f);
		r = store_hear(s);
	}
	FUZZ_CHECK(seen.given_back == seen.committed);
	FUZZ_CHECK(store_free(s, 0) == (seen.committed == PUTS));
	FUZZ_CHECK(seen.given_back == PUTS);
	FUZZ_CHECK(seen.answered == ASKS && seen.backed_up == 1);
	return 0;
}
