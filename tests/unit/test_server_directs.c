/* What the server keeps for direct messages, without a store: who is given which
 * keys, what a box takes, how long, and who reads it. */
#include "check.h"

#include "server/net/quota.h"
#include "server/room/directs.h"
#include "shared/crypto/library.h"

enum { NOW = 1767225600, FRAME = 300, DAY = 86400 };

static struct directs *t;
static struct crypto *c;
static uint8_t phone[WIRE_ED25519], laptop[WIRE_ED25519];
static uint8_t bob[WIRE_KEY], alice[WIRE_KEY], carol[WIRE_KEY];
static uint8_t key_no;

static int up(void **state)
{
	(void)state;
	t = directs_new();
	c = crypto_new();
	memset(phone, 0x11, sizeof(phone));
	memset(laptop, 0x22, sizeof(laptop));
	memset(bob, 0xb0, sizeof(bob));
	memset(alice, 0xa1, sizeof(alice));
	memset(carol, 0xca, sizeof(carol));
	key_no = 0;
	return t == NULL || c == NULL;
}

static int down(void **state)
{
	(void)state;
	directs_free(t);
	crypto_free(c);
	return 0;
}

static enum wire_code publish(const uint8_t *device, size_t n, bool replace)
{
	static struct prekeys_set s;
	const struct directs_device d = {device, bob};
	enum wire_code refused;
	uint64_t ticket;
	size_t i;

	memset(&s, 0, sizeof(s));
	s.replace = replace;
	s.lasting.key[0] = 0xff;
	for (i = 0; i < n; i++)
		s.once[i].key[0] = ++key_no;
	s.n_once = n;
	assert_int_equal(directs_publish(t, &d, &s, &refused, &ticket), 0);
	assert_int_equal(ticket, 0);
	return refused;
}

/* The first byte of the key given; 0: none. */
static int give(const uint8_t *device, const uint8_t *asker, uint64_t now_s)
{
	struct prekeys_device out;
	uint64_t ticket;

	assert_int_equal(
	    directs_give(t, device, asker, now_s, &out, &ticket), 0);
	assert_memory_equal(out.identity, device, WIRE_ED25519);
	assert_int_equal(out.once, out.has_key && out.key.key[0] != 0xff);
	return out.key.key[0];
}

static enum wire_code put(
    const uint8_t *device, const uint8_t *from, size_t len, uint64_t now_s)
{
	static uint8_t body[WIRE_DIRECT_HEAD + 80 + WIRE_JSON_MAX];
	uint8_t print[WIRE_HASH];
	const struct directs_letter l = {.to = print,
	    .identity = laptop,
	    .account = from,
	    .name = "alice",
	    .body = body,
	    .len = len,
	    .now_s = now_s};
	enum wire_code refused;
	uint64_t ticket;

	assert_int_equal(ed25519_fingerprint(c, print, device), 0);
	assert_int_equal(directs_put(t, &l, &refused, &ticket), 0);
	return refused;
}

static size_t waiting(void)
{
	struct directs_counts n;

	directs_counts(t, &n);
	assert_true(n.frames > 0 || n.bytes == 0);
	return n.frames;
}

/* --- keys -------------------------------------------------------------------- */

static void test_giving(void **state)
{
	int i;

	(void)state;
	assert_int_equal(give(phone, alice, NOW), 0);
	assert_int_equal(publish(phone, 25, false), CODE_NONE);
	for (i = 1; i <= DIRECTS_GIVE; i++)
		assert_int_equal(give(phone, alice, NOW), i);
	/* She has had ten: the lasting one, until a minute is over. */
	assert_int_equal(give(phone, alice, NOW), 0xff);
	assert_int_equal(give(phone, alice, NOW + DIRECTS_GIVE_S - 1), 0xff);
	assert_int_equal(give(phone, alice, NOW + DIRECTS_GIVE_S), i++);
	assert_int_equal(give(phone, alice, NOW + DIRECTS_GIVE_S), 0xff);
	assert_int_equal(give(phone, carol, NOW), i++);
	/* A clock that was set back gives nobody more. */
	assert_int_equal(give(phone, alice, NOW - DAY), 0xff);
	for (; i <= 25; i++)
		assert_int_equal(give(phone, carol, (uint64_t)NOW + (uint64_t)i * DAY), i);
	assert_int_equal(give(phone, carol, NOW + UINT64_C(99) * DAY), 0xff);
}

static void test_publishing(void **state)
{
	struct prekeys_mine *m = malloc(sizeof(*m));
	int i;

	(void)state;
	assert_non_null(m);
	directs_mine(t, phone, m);
	assert_false(m->has_lasting);
	assert_int_equal(publish(phone, 50, false), CODE_NONE);
	assert_int_equal(publish(phone, 50, false), CODE_NONE);
	assert_int_equal(publish(phone, 1, false), CODE_QUOTA);
	directs_mine(t, phone, m);
	assert_int_equal(m->n_once, 100);
	key_no = 99; /* its last one again, among others */
	assert_int_equal(publish(phone, 1, true), CODE_BAD_VALUE);
	directs_mine(t, phone, m);
	assert_int_equal(m->n_once, 100);
	assert_int_equal(publish(phone, 3, true), CODE_NONE);
	directs_mine(t, phone, m);
	assert_int_equal(m->n_once, 3);
	assert_int_equal(m->once[0][0], 101);
	/* The first is free; then each costs its time. */
	for (i = 0; directs_may_publish(t, phone, 51, NOW); i++)
		;
	assert_int_equal(i, DIRECTS_PUBLISH / 51);
	assert_false(directs_may_publish(
	    t, phone, 51, NOW + 5 * DIRECTS_PUBLISH_S));
	assert_true(directs_may_publish(
	    t, phone, 51, NOW + 51 * DIRECTS_PUBLISH_S));
	free(m);
}

/* --- boxes --------------------------------------------------------------------- */

static void test_quotas(void **state)
{
	uint8_t who[WIRE_KEY] = {0};
	int i;

	(void)state;
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NO_ACCOUNT);
	(void)publish(phone, 1, false);
	(void)publish(laptop, 1, false);
	for (i = 0; i < DIRECTS_OF_SENDER; i++)
		assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_QUOTA);
	assert_int_equal(put(laptop, alice, FRAME, NOW), CODE_NONE);
	for (; i < DIRECTS_FRAMES; i++) {
		who[0] = (uint8_t)(i / DIRECTS_OF_SENDER);
		assert_int_equal(put(phone, who, FRAME, NOW), CODE_NONE);
	}
	assert_int_equal(put(phone, carol, FRAME, NOW), CODE_QUOTA);
	for (i = 1; (size_t)i * 65000 + FRAME <= DIRECTS_BYTES; i++)
		assert_int_equal(put(laptop, carol, 65000, NOW), CODE_NONE);
	assert_int_equal(put(laptop, carol, 65000, NOW), CODE_QUOTA);
	assert_int_equal(waiting(), DIRECTS_FRAMES + (size_t)i);
}

/* One account, over many boxes; and all boxes together. */
static void test_all_boxes(void **state)
{
	uint8_t device[WIRE_ED25519] = {0}, who[WIRE_KEY] = {0};
	size_t total = 0, own = 0;
	int i, k;

	(void)state;
	for (i = 0; i < 40; i++) {
		device[0] = (uint8_t)i;
		(void)publish(device, 0, false);
	}
	for (i = 0; own + 65000 <= DIRECTS_SENT; i++, own += 65000) {
		device[0] = (uint8_t)(i / 60);
		assert_int_equal(put(device, alice, 65000, NOW), CODE_NONE);
	}
	assert_int_equal(put(device, alice, 65000, NOW), CODE_QUOTA);
	assert_int_equal(put(device, carol, 65000, NOW), CODE_NONE);
	total = own + 65000;
	for (i = 5; i < 40; i++) {
		device[0] = (uint8_t)i;
		who[0] = (uint8_t)i;
		for (k = 0; k < 60 && total + 65000 <= DIRECTS_IN_MEMORY;
		     k++, total += 65000)
			assert_int_equal(
			    put(device, who, 65000, NOW), CODE_NONE);
	}
	device[0] = 39;
	assert_int_equal(put(device, bob, 65000, NOW), CODE_QUOTA);
}

static void test_old_ones(void **state)
{
	(void)state;
	(void)publish(phone, 1, false);
	(void)publish(laptop, 1, false);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(put(phone, alice, FRAME, NOW + DAY), CODE_NONE);
	assert_int_equal(put(laptop, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(put(phone, alice, FRAME, NOW + 30 * DAY), CODE_NONE);
	assert_int_equal(waiting(), 4);
	/* The others' boxes too, once an hour. */
	assert_int_equal(
	    put(phone, alice, FRAME, NOW + 30 * DAY + 3601), CODE_NONE);
	assert_int_equal(waiting(), 3);
}

static void test_blocks(void **state)
{
	uint8_t who[WIRE_KEY] = {0}, got[WIRE_BLOCKS][WIRE_KEY];
	uint64_t ticket;
	int i;

	(void)state;
	(void)publish(phone, 1, false);
	for (i = 0; i < WIRE_BLOCKS; i++) {
		who[0] = (uint8_t)i;
		assert_int_equal(directs_block(t, bob, who, true, &ticket), 0);
		assert_int_equal(directs_block(t, bob, who, true, &ticket), 0);
	}
	assert_int_equal(
	    directs_block(t, bob, alice, true, &ticket), ERR_LIMIT);
	assert_int_equal(put(phone, who, FRAME, NOW), CODE_BLOCKED);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(directs_block(t, bob, who, false, &ticket), 0);
	assert_int_equal(directs_block(t, bob, who, false, &ticket), 0);
	assert_int_equal(directs_block(t, bob, alice, true, &ticket), 0);
	assert_int_equal(put(phone, who, FRAME, NOW), CODE_NONE);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_BLOCKED);
	assert_int_equal(directs_blocked(t, bob, got), WIRE_BLOCKS);
	directs_forget(t, alice);
	assert_false(directs_blocks(t, bob, alice));
	assert_int_equal(directs_blocked(t, bob, got), WIRE_BLOCKS - 1);
	directs_forget(t, bob);
	assert_int_equal(directs_blocked(t, bob, got), 0);
	assert_int_equal(waiting(), 0);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NO_ACCOUNT);
}

/* What waits here counts for the memory of the server, and takes half of it at
 * most. */
static void test_memory(void **state)
{
	const size_t before = quota_held();
	int i;

	(void)state;
	(void)publish(phone, 1, false);
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_true(quota_held() >= before + FRAME);
	quota_watch(2 * (quota_held() + 10 * 2000), NULL, NULL);
	for (i = 0; put(phone, alice, 1500, NOW) == CODE_NONE; i++)
		assert_true(i < 20);
	assert_true(i > 8 && waiting() == (size_t)i + 1);
	assert_int_equal(put(phone, alice, 1500, NOW), CODE_QUOTA);
	quota_watch(SIZE_MAX, NULL, NULL);
	assert_int_equal(put(phone, alice, 1500, NOW), CODE_NONE);
	directs_forget(t, bob);
	assert_int_equal(quota_held(), before);
}

/* --- reading ------------------------------------------------------------------- */

static int n_news;

static void on_news(struct directs_reader *r)
{
	(void)r;
	n_news++;
}

static bool note(void *arg, const struct store_direct *d)
{
	sprintf((char *)arg + strlen(arg), "%d ", (int)d->number);
	assert_string_equal(d->name, "alice");
	assert_memory_equal(d->sender, laptop, WIRE_ED25519);
	return d->number < 4;
}

static void test_reading(void **state)
{
	struct directs_reader r = {.news = on_news, .came_ms = 7},
			      other = {.news = on_news, .came_ms = 8};
	uint64_t number, ticket;
	uint32_t low;
	char got[100] = "";
	int i;

	(void)state;
	n_news = 0;
	assert_false(directs_read(t, &r, phone, NOW, true));
	(void)publish(phone, WIRE_PREKEYS_LOW, false);
	assert_true(directs_read(t, &r, phone, NOW, true));
	assert_false(directs_next(t, &r, 0, &number, &ticket));
	for (i = 0; i < 5; i++)
		assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(n_news, 5);
	assert_true(directs_next(t, &r, 0, &number, &ticket));
	assert_int_equal(number, 1);
	directs_each(t, &r, 2, note, got);
	assert_string_equal(got, "2 3 4 ");
	assert_int_equal(directs_ack(t, &r, 3), 0);
	assert_int_equal(waiting(), 2);
	assert_true(directs_next(t, &r, 0, &number, &ticket));
	assert_int_equal(number, 4);
	assert_false(directs_next(t, &r, 5, &number, &ticket));
	/* Few keys are left: told once. */
	assert_true(directs_reads(t, &r, &low));
	assert_int_equal(low, UINT32_MAX);
	(void)give(phone, alice, NOW);
	assert_int_equal(n_news, 6);
	assert_true(directs_reads(t, &r, &low));
	assert_int_equal(low, WIRE_PREKEYS_LOW - 1);
	assert_true(directs_reads(t, &r, &low));
	assert_int_equal(low, UINT32_MAX);
	/* Another takes its place: it has nothing to say any more. */
	assert_false(directs_read(t, &other, phone, NOW, false));
	assert_true(directs_read(t, &other, phone, NOW, true));
	assert_false(directs_reads(t, &r, &low));
	assert_false(directs_next(t, &r, 0, &number, &ticket));
	assert_int_equal(directs_ack(t, &r, 5), 0);
	assert_int_equal(waiting(), 2);
	/* What the older connection had asked is read late: it takes nothing away,
	 * and its end stops nobody else. */
	assert_false(directs_read(t, &r, phone, NOW, true));
	directs_stop(t, &r);
	assert_true(directs_reads(t, &other, &low));
	assert_true(directs_next(t, &other, 0, &number, &ticket));
	directs_stop(t, &other);
	assert_true(directs_read(t, &r, phone, NOW, false));
	directs_stop(t, &r);
	n_news = 0;
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	assert_int_equal(n_news, 0);
}

/* The device is gone while somebody reads. */
static void test_gone(void **state)
{
	struct directs_reader r = {.news = on_news};
	uint64_t number, ticket;
	uint32_t low;

	(void)state;
	(void)publish(phone, 1, false);
	assert_true(directs_read(t, &r, phone, NOW, true));
	assert_int_equal(put(phone, alice, FRAME, NOW), CODE_NONE);
	directs_forget_device(t, phone, alice); /* it is bob's */
	assert_true(directs_reads(t, &r, &low));
	directs_forget_device(t, phone, bob);
	assert_false(directs_reads(t, &r, &low));
	assert_false(directs_next(t, &r, 0, &number, &ticket));
	assert_int_equal(directs_ack(t, &r, 1), 0);
	directs_stop(t, &r);
	assert_int_equal(waiting(), 0);
}

/* --- what was stored ------------------------------------------------------------- */

static bool is_bobs(void *arg, const uint8_t identity[WIRE_ED25519],
    const uint8_t account[WIRE_KEY])
{
	(void)arg;
	(void)identity;
	return memcmp(account, bob, WIRE_KEY) == 0;
}

static void test_restoring(void **state)
{
	static uint8_t keys[3][STORE_PREKEY] = {{0xff}, {1}, {2}};
	struct store_direct d = {.what = STORE_DIRECT_KEYS,
	    .identity = phone,
	    .account = bob,
	    .number = 41,
	    .lasting = keys[0],
	    .once = keys[1],
	    .n_once = 2};
	struct directs_reader r = {.news = on_news};
	struct directs_counts n;
	uint64_t number, ticket;

	(void)state;
	assert_int_equal(directs_restore(t, &d), 0);
	d.identity = laptop;
	d.account = alice;
	assert_int_equal(directs_restore(t, &d), 0);
	d = (struct store_direct){.what = STORE_DIRECT_FRAME,
	    .identity = phone,
	    .account = alice,
	    .number = 40,
	    .ts_s = NOW,
	    .len = FRAME};
	assert_int_equal(directs_restore(t, &d), 0);
	d.identity = bob; /* no device */
	assert_int_equal(directs_restore(t, &d), ERR_LIMIT);
	directs_filter(t, is_bobs, NULL);
	directs_counts(t, &n);
	assert_int_equal(n.devices, 1);
	assert_int_equal(n.frames, 1);
	assert_int_equal(give(phone, carol, NOW), 1);
	assert_true(directs_read(t, &r, phone, NOW, true));
	assert_true(directs_next(t, &r, 0, &number, &ticket));
	assert_int_equal(number, 40);
	assert_int_equal(put(phone, carol, FRAME, NOW), CODE_NONE);
	assert_true(directs_next(t, &r, 40, &number, &ticket));
	assert_int_equal(number, 42);
	directs_stop(t, &r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {TEST(test_giving),
	    TEST(test_publishing), TEST(test_quotas), TEST(test_memory), TEST(test_all_boxes),
	    TEST(test_old_ones), TEST(test_blocks), TEST(test_reading),
	    TEST(test_gone), TEST(test_restoring)};

	if (library_setup() != 0)
		return 1;
	return cmocka_run_group_tests_name("directs", tests, NULL, NULL);
}
