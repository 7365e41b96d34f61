/* fake_store_int.h - what fake_store.c and fake_store_read.c share. */
#ifndef CONCLAVE_FAKE_STORE_INT_H
#define CONCLAVE_FAKE_STORE_INT_H

#include "shared/crypto/crypto.h"
#include "shared/proto/group.h"
#include "tests/unit/check.h"
#include "tests/unit/fake_store.h"

enum { PUTS = 4096, STORY = 1 << 14, QUESTIONS = 64 };

enum put_what {
	PUT_ROOM,
	PUT_FORGET_ROOM,
	PUT_RIGHT,
	PUT_EPOCH,
	PUT_PERSON,
	PUT_ENTRY,
	PUT_PURGE,
	PUT_FORGET_ENTRIES,
	PUT_CHANGE,
};

struct put {
	enum put_what what;
	uint32_t room, run;
	struct store_room r;
	struct store_right right;
	struct store_epoch epoch;
	struct store_person person;
	struct store_entry entry;
	uint64_t offset; /* purge */
	char name[256], topic[4096];
	uint8_t identity[WIRE_ED25519], log[WIRE_LOG];
	uint8_t base[WIRE_KEY], roster[WIRE_HASH];
	uint8_t *bytes; /* owned: a copy of the entry, or of the JSON */
	uint8_t digest[WIRE_HASH], chain_before[WIRE_HASH];
	bool given_back;
};

struct store {
	struct put *put[PUTS];
	uint64_t n, committed, told;
	uint8_t session[PUTS / 64][WIRE_NONCE]; /* by run */
	uint32_t run;
	bool full, failing;
	unsigned fail_after;
	struct store_question question[QUESTIONS];
	size_t n_questions;
	struct crypto *crypto;
	char story[STORY];
};

#endif
