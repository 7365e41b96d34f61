/* Fuzzes the lines of a transcript as `conclave verify` reads them: a line that is
 * taken is within its bounds, and written again it is read as the same. */
#include "shared/proto/direct.h"
#include "shared/proto/hashline.h"
#include "shared/proto/transcript.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static void is_clean(const struct transcript_line *l)
{
	struct direct_head h;

	FUZZ_CHECK(l->at.offset <= INT64_MAX && l->ts <= INT64_MAX);
	if (l->type == TRANSCRIPT_HEAD)
		FUZZ_CHECK(l->direct ? text_name(l->with, strlen(l->with))
				     : text_room(l->room, strlen(l->room)));
	if (l->type == TRANSCRIPT_DIRECT)
		FUZZ_CHECK(direct_head_decode(&h, l->body, l->n_body) == 0);
	if (l->type == TRANSCRIPT_HEAD || l->type == TRANSCRIPT_PERSON ||
	    l->type == TRANSCRIPT_DEVICE)
		FUZZ_CHECK(text_name(l->name, strlen(l->name)));
	if (l->type == TRANSCRIPT_PERSON)
		FUZZ_CHECK(l->member != 0);
	if (l->type == TRANSCRIPT_ENTRY)
		FUZZ_CHECK(l->at.offset != 0);
	if (l->opened)
		FUZZ_CHECK(l->n_body > WIRE_GROUP_HEAD + WIRE_SIGNATURE &&
			   get_u64(l->body) == l->at.offset);
}

/* Each line, and what it names. */
struct all_named {
	struct transcript_named entries;
	struct transcript_devices devices;
};
static void line(struct all_named *all, const char *p, size_t n)
{
	struct transcript_named *named = &all->entries;
	uint8_t hash[WIRE_HASH] = {0}, after[WIRE_HASH] = {0};
	struct crypto *crypto = fuzz_crypto();
	struct transcript_line l, again;
	struct buf body, out, body2;

	buf_init(&body, TRANSCRIPT_LINE_MAX);
	buf_init(&body2, TRANSCRIPT_LINE_MAX);
	buf_init(&out, 2 * TRANSCRIPT_LINE_MAX);
	(void)!hashline_check(crypto, hash, p, n);
	if (transcript_get(&l, &body, p, n) == 0) {
		is_clean(&l);
		transcript_name(named, &l);
		FUZZ_CHECK(named->n_epochs <= TRANSCRIPT_EPOCHS);
		FUZZ_CHECK(named->n_people <= TRANSCRIPT_PEOPLE);
		if (l.type == TRANSCRIPT_PERSON)
			FUZZ_CHECK(transcript_person(named, l.member) != NULL);
		if (l.type == TRANSCRIPT_DEVICE)
			FUZZ_CHECK(transcript_device_add(
				       crypto, &all->devices, &l) == 0);
		FUZZ_CHECK(all->devices.n <= TRANSCRIPT_DEVICES);
		memset(hash, 0, sizeof(hash));
		FUZZ_CHECK(transcript_put(crypto, &out, hash, &l) == 0);
		FUZZ_CHECK(hashline_check(
			       crypto, after, (char *)out.p, out.len - 1) == 0);
		FUZZ_CHECK(memcmp(hash, after, WIRE_HASH) == 0);
		FUZZ_CHECK(transcript_get(&again, &body2, (char *)out.p,
			       out.len - 1) == 0);
		FUZZ_CHECK(again.type == l.type && body2.len == body.len);
		again.body = l.body;
		FUZZ_CHECK(memcmp(&again, &l, sizeof(l)) == 0);
	}
	buf_free(&body);
	buf_free(&body2);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct all_named named = {.devices = {.n = 0}};
	const char *p = (const char *)data, *end = p + size, *lf;

	json_setup();
	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			lf = end;
		line(&named, p, (size_t)(lf - p));
		if (lf == end)
			break;
	}
	return 0;
}
