/* Fuzzes the messages between the relay and the process for people's files. Each
 * that is accepted is written again and must be the same bytes. */
#include "server/store/blob_wire.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(data, size), head[BLOB_WIRE_HEAD];
	uint8_t limits[BLOB_LIMITS_BYTES];
	struct blob_message m;
	struct blob_limits l;
	size_t used, at;
	int r = 0;

	for (at = 0; r == 0; at += used) {
		r = blob_message_next(&m, &used, p + at, size - at);
		if (r != 0)
			break;
		FUZZ_CHECK(used == BLOB_WIRE_HEAD + m.len);
		FUZZ_CHECK(used <= size - at && used <= BLOB_WIRE_MAX);
		FUZZ_CHECK(m.bytes == p + at + BLOB_WIRE_HEAD);
		FUZZ_CHECK(m.code < BLOB_CODES);
		blob_message_head(head, &m);
		FUZZ_CHECK(memcmp(head, p + at, sizeof(head)) == 0);
		if (blob_limits_get(&l, m.bytes, m.len) == 0) {
			blob_limits_put(limits, &l);
			FUZZ_CHECK(memcmp(limits, m.bytes, m.len) == 0);
		}
	}
	FUZZ_CHECK(r == ERR_AGAIN || r == ERR_RANGE);
	free(p);
	return 0;
}
