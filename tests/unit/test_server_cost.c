/* What a connection and an empty room cost in memory, added up from what they
 * consist of. The bench measures the same in a running server. */
#include "server/auth/client.h"
#include "server/room/directory_int.h"
#include "server/room/room_state.h"
#include "tests/unit/check.h"

enum {
	HEAD = 8,	     /* of an allocation ... */
	UNIT = 16,	     /* ... whose size is a multiple of this */
	CARD_AND_KEY = 1400, /* a key of 3072 bits, and a card with it */
	CONNECTION_MAX = 12 << 10,
	ROOM_MAX = 2 << 10,
	ROOM_NAMES = 3 * 16, /* in the directory: by number, name and form */
	ROOM_LOG = 64
};

static size_t allocated(size_t n)
{
	return (n + HEAD + UNIT - 1) / UNIT * UNIT;
}

/* For each room a member, and a pointer to it in the connection, in the room
 * and in the shard. Pointers of 8 bytes are the larger ones. */
static void test_connection_in_64_rooms(void **state)
{
	size_t in_room = allocated(sizeof(struct member)) + 3 * sizeof(void *),
	       person = allocated(sizeof(struct entrant) + CARD_AND_KEY) +
			allocated(sizeof(struct directory_person));

	(void)state;
	if (sizeof(void *) != 8)
		skip();
	assert_in_range(in_room, 1, 120);
	assert_in_range(
	    CLIENT_COST + person + WIRE_ROOMS * in_room, 1, CONNECTION_MAX);
}

static void test_empty_room(void **state)
{
	(void)state;
	assert_in_range(allocated(sizeof(struct room)) + ROOM_NAMES + ROOM_LOG,
	    1, ROOM_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connection_in_64_rooms),
	    cmocka_unit_test(test_empty_room),
	};

	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
