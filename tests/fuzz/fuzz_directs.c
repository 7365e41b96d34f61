/* Fuzzes what the server keeps for direct messages: a program of what devices and
 * senders do, in any order and at any times. Each operation is a byte, then its
 * operands. No key is given twice, no box takes more than it may, numbers ascend,
 * and what is counted is what is there. */
#include "server/room/directs.h"
#include "tests/fuzz/fuzz.h"

enum { DEVICES = 6, PEOPLE = 4, SIZES = 4 };
enum op {
	OP_PUBLISH,
	OP_GIVE,
	OP_PUT,
	OP_READ,
	OP_ACK,
	OP_STOP,
	OP_BLOCK,
	OP_FORGET,
	OP_FORGET_ACCOUNT,
	OP_TIME,
	OP_RESTORE,
	OPS
};

static struct world {
	struct directs *t;
	uint64_t now_s, number[DEVICES], seen[DEVICES];
	uint8_t print[DEVICES][WIRE_HASH];
	struct directs_reader reader[DEVICES];
	uint32_t next_key, n_news;
	uint8_t given[1 << 16]; /* by the number in a key */
} w;

static const uint8_t *device(unsigned no)
{
	static uint8_t id[DEVICES][WIRE_ED25519];

	id[no][0] = (uint8_t)(no + 1);
	return id[no];
}

/* Device i is of person i % PEOPLE. */
static const uint8_t *person(unsigned no)
{
	static uint8_t key[PEOPLE][WIRE_KEY];

	key[no][0] = (uint8_t)(no + 1);
	return key[no];
}

static void on_news(struct directs_reader *r)
{
	(void)r;
	w.n_news++;
}

static void publish(unsigned no, uint8_t n, bool replace)
{
	static struct prekeys_set s;
	const struct directs_device d = {device(no), person(no % PEOPLE)};
	struct prekeys_mine *before = malloc(sizeof(*before)), *after;
	enum wire_code refused;
	uint64_t ticket;
	size_t i;

	after = malloc(sizeof(*after));
	FUZZ_CHECK(before != NULL && after != NULL);
	memset(&s, 0, sizeof(s));
	s.replace = replace;
	s.n_once = n % (WIRE_PREKEYS + 1);
	for (i = 0; i < s.n_once && w.next_key < sizeof(w.given) - 1; i++)
		put_u32(s.once[i].key, ++w.next_key);
	s.n_once = i;
	directs_mine(w.t, d.identity, before);
	FUZZ_CHECK(directs_publish(w.t, &d, &s, &refused, &ticket) == 0);
	directs_mine(w.t, d.identity, after);
	FUZZ_CHECK(refused == CODE_NONE || refused == CODE_QUOTA);
	FUZZ_CHECK((refused == CODE_NONE) ==
		   ((replace ? 0 : before->n_once) + s.n_once <=
		       WIRE_PREKEYS_KEPT));
	FUZZ_CHECK(after->n_once == (refused != CODE_NONE ? before->n_once
				     : replace ? s.n_once
					       : before->n_once + s.n_once));
	free(before);
	free(after);
}

static void give(unsigned no, unsigned asker)
{
	struct prekeys_device out;
	uint64_t ticket;
	uint32_t key;

	FUZZ_CHECK(directs_give(w.t, device(no), person(asker), w.now_s, &out,
		       &ticket) == 0);
	if (!out.once)
		return;
	FUZZ_CHECK(out.has_key);
	key = get_u32(out.key.key);
	FUZZ_CHECK(key > 0 && key <= w.next_key);
	FUZZ_CHECK(w.given[key]++ == 0);
}

static void put(unsigned no, unsigned from, uint8_t size)
{
	static const size_t sizes[SIZES] = {216, 300, 5000, 65752};
	static uint8_t body[65752];
	const struct directs_letter l = {.to = w.print[no],
	    .identity = device((from + 1) % DEVICES),
	    .account = person(from),
	    .name = "somebody",
	    .body = body,
	    .len = sizes[size % SIZES],
	    .now_s = w.now_s};
	bool blocked =
	    directs_blocks(w.t, person(no % PEOPLE), person(from));
	enum wire_code refused;
	uint64_t ticket;

	FUZZ_CHECK(directs_put(w.t, &l, &refused, &ticket) == 0);
	FUZZ_CHECK(ticket == 0);
	if (refused == CODE_NONE)
		FUZZ_CHECK(!blocked);
	else
		FUZZ_CHECK(refused == CODE_QUOTA ||
			   refused == CODE_NO_ACCOUNT ||
			   (refused == CODE_BLOCKED && blocked));
}

static bool look(void *arg, const struct store_direct *d)
{
	uint64_t *before = arg;

	FUZZ_CHECK(d->number > *before && d->len >= 216);
	FUZZ_CHECK(d->bytes[d->len - 1] == 0 && d->name[0] == 's');
	*before = d->number;
	return true;
}

static void read_box(unsigned no)
{
	uint64_t number = 0, ticket, last = 0;

	if (!directs_read(w.t, &w.reader[no], device(no), w.now_s, true))
		return;
	if (directs_next(w.t, &w.reader[no], 0, &number, &ticket)) {
		directs_each(w.t, &w.reader[no], 0, look, &last);
		FUZZ_CHECK(last >= number);
	}
	w.seen[no] = last;
}

static void restore(uint8_t what, uint8_t no)
{
	static uint8_t key[STORE_PREKEY];
	const struct store_direct d = {
	    .what = what & 1 ? STORE_DIRECT_BLOCK : STORE_DIRECT_GONE,
	    .identity = device(no % DEVICES),
	    .account = person(no % PEOPLE),
	    .other = person(no / PEOPLE % PEOPLE),
	    .lasting = key,
	    .number = what};
	int r = directs_restore(w.t, &d);

	FUZZ_CHECK(r == 0 || r == ERR_LIMIT);
}

static void step(struct fuzz *f)
{
	uint8_t op = fuzz_u8(f) % OPS, a = fuzz_u8(f), b = fuzz_u8(f);
	unsigned no = a % DEVICES, who = b % PEOPLE;
	uint64_t ticket;
	uint32_t low;
	int r;

	switch (op) {
	case OP_PUBLISH:
		publish(no, b & 63, (b & 64) != 0);
		break;
	case OP_GIVE:
		give(no, who);
		break;
	case OP_PUT:
		put(no, who, b / PEOPLE);
		break;
	case OP_READ:
		read_box(no);
		break;
	case OP_ACK:
		FUZZ_CHECK(directs_ack(w.t, &w.reader[no], b) == 0);
		(void)directs_reads(w.t, &w.reader[no], &low);
		FUZZ_CHECK(low == UINT32_MAX || low < WIRE_PREKEYS_LOW);
		break;
	case OP_STOP:
		directs_stop(w.t, &w.reader[no]);
		break;
	case OP_BLOCK:
		r = directs_block(w.t, person(a % PEOPLE), person(who),
		    (b & 128) == 0, &ticket);
		FUZZ_CHECK(r == 0);
		break;
	case OP_FORGET:
		directs_forget_device(w.t, device(no), person(who));
		break;
	case OP_FORGET_ACCOUNT:
		directs_forget(w.t, person(who));
		break;
	case OP_TIME: /* also back */
		w.now_s += (uint64_t)a * 3600;
		w.now_s -= (uint64_t)b * 600;
		break;
	default:
		restore(a, b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	struct directs_counts n;
	unsigned i;

	memset(&w, 0, sizeof(w));
	w.now_s = 1767225600;
	w.t = directs_new();
	FUZZ_CHECK(w.t != NULL);
	for (i = 0; i < DEVICES; i++) {
		w.reader[i].news = on_news;
		FUZZ_CHECK(ed25519_fingerprint(fuzz_crypto(), w.print[i],
			       device(i)) == 0);
	}
	while (f.left > 0) {
		step(&f);
		directs_counts(w.t, &n);
		FUZZ_CHECK(n.devices <= DEVICES);
		FUZZ_CHECK(n.frames <= n.devices * DIRECTS_FRAMES);
		FUZZ_CHECK(n.bytes >= n.frames * 216 &&
			   n.bytes <= n.devices * DIRECTS_BYTES);
	}
	for (i = 0; i < PEOPLE; i++)
		directs_forget(w.t, person(i));
	directs_counts(w.t, &n);
	FUZZ_CHECK(n.devices == 0 && n.frames == 0 && n.bytes == 0);
	directs_free(w.t);
	return 0;
}
