/* The file known of a server's rooms: what is written is read again, a line
 * that is not understood makes the whole file worth nothing, and a name is found
 * in any case. */
#include <sys/stat.h>

#include "client/trust/known_rooms.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

#define B64  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
#define ZERO "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct known_rooms *opened(const char *path, int want)
{
	struct known_rooms *k = NULL;
	struct errmsg why = {0};

	assert_int_equal(known_rooms_open(&k, path, &why), want);
	if (want == 0 || want == ERR_USAGE)
		assert_non_null(k);
	else
		assert_null(k);
	assert_true(want == 0 || why.text[0] != '\0');
	return k;
}

static struct known_room room(const char *name, uint64_t offset)
{
	struct known_room r = {.shown.offset = offset};

	strcpy(r.name, name);
	memset(r.log, 7, sizeof(r.log));
	memset(r.shown.chain, (int)offset, sizeof(r.shown.chain));
	return r;
}

static void flushed(struct known_rooms *k, int want)
{
	struct errmsg why;

	assert_int_equal(known_rooms_flush(k, &why), want);
}

static void test_again(void **state)
{
	const char *path = folder_path(state, "rooms");
	struct known_room lobby = room("Lobby", 12), ops = room("ops", 0);
	struct known_rooms *k = opened(path, 0);
	const struct known_room *r;
	struct stat st;

	assert_null(known_rooms_find(k, "lobby"));
	flushed(k, 0);
	assert_int_not_equal(stat(path, &st), 0); /* nothing to write */
	known_rooms_set(k, &lobby);
	known_rooms_set(k, &ops);
	lobby.shown.offset = INT64_MAX;
	known_rooms_set(k, &lobby);
	flushed(k, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	known_rooms_free(k);

	k = opened(path, 0);
	r = known_rooms_find(k, "LOBBY");
	assert_non_null(r);
	assert_memory_equal(r, &lobby, sizeof(lobby));
	assert_memory_equal(known_rooms_find(k, "ops"), &ops, sizeof(ops));
	known_rooms_free(k);
}

/* Nothing new, nothing written; a failure is told once. */
static void test_when_it_is_written(void **state)
{
	const char *path = folder_path(state, "no/rooms");
	struct known_room lobby = room("lobby", 3);
	struct known_rooms *k = opened(path, 0);

	folder_write(folder_path(state, "no"), "a file, not a folder", 0600);
	known_rooms_set(k, &lobby);
	flushed(k, ERR_IO);
	flushed(k, 0);
	known_rooms_set(k, &lobby);
	flushed(k, 0);
	lobby.shown.offset++;
	known_rooms_set(k, &lobby);
	flushed(k, ERR_IO);
	known_rooms_free(k);
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} all[] = {
	    {"", true},
	    {"# nothing\n\n", true},
	    {"lobby " B64 " 7 " ZERO "\n", true},
	    {"lobby " B64 " 7 " ZERO "", true},
	    {"  lobby\t" B64 "  7 " ZERO " # mine\r\n", true},
	    {"lobby " B64 " 9223372036854775807 " ZERO "\n", true},
	    {"lobby " B64 " 9223372036854775808 " ZERO "\n", false},
	    {"lobby " B64 " 99999999999999999999 " ZERO "\n", false},
	    {"lobby " B64 " 07 " ZERO "\n", false},
	    {"lobby " B64 " -7 " ZERO "\n", false},
	    {"lobby " B64 " +7 " ZERO "\n", false},
	    {"lobby " B64 " 7x " ZERO "\n", false},
	    {"lobby " B64 "\n", false},
	    {"lobby " B64 " 7\n", false},
	    {"lobby\n", false},
	    {"lobby " B64 "A 7 " ZERO "\n", false},
	    {"lobby " B64 " 7 " ZERO "==\n", false},
	    {"lobby " B64 " 7 " ZERO " more\n", false},
	    {"lob/by " B64 " 7 " ZERO "\n", false},
	    {"abcdefghijklmnopqrstuvwxyz0123456 " B64 " 7 " ZERO "\n", false},
	    {"ops " B64 " 7 " ZERO "\nlobby\n", false},
	};
	const char *path = folder_path(state, "rooms");
	struct known_room fresh = room("fresh", 1);
	struct known_rooms *k;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		folder_write(path, all[i].text, 0600);
		k = opened(path, all[i].good ? 0 : ERR_USAGE);
		/* A file that is not understood knows nothing, not even of the
		 * lines before, and is replaced. */
		if (!all[i].good) {
			assert_null(known_rooms_find(k, "ops"));
			known_rooms_set(k, &fresh);
			flushed(k, 0);
			known_rooms_free(k);
			k = opened(path, 0);
			assert_non_null(known_rooms_find(k, "fresh"));
		}
		known_rooms_free(k);
	}
}

/* Others could tell the server what we have seen, or have us believe it. */
static void test_others(void **state)
{
	const char *path = folder_path(state, "rooms");

	folder_write(path, "", 0644);
	known_rooms_free(opened(path, ERR_IO));
	folder_write(path, "", 0602);
	known_rooms_free(opened(path, ERR_IO));
}

/* The one that is longest unused gives way. */
static void test_full(void **state)
{
	const char *path = folder_path(state, "rooms");
	struct known_rooms *k = opened(path, 0);
	struct known_room r;
	char name[WIRE_ROOM_MAX + 1];
	size_t i;

	for (i = 0; i < KNOWN_ROOMS_MAX; i++) {
		snprintf(name, sizeof(name), "room-%zu", i);
		r = room(name, i);
		known_rooms_set(k, &r);
	}
	r = room("room-0", 9999); /* used again */
	known_rooms_set(k, &r);
	r = room("one-more", 1);
	known_rooms_set(k, &r);
	assert_non_null(known_rooms_find(k, "room-0"));
	assert_null(known_rooms_find(k, "room-1"));
	assert_non_null(known_rooms_find(k, "room-2"));
	assert_non_null(known_rooms_find(k, "one-more"));
	flushed(k, 0);
	known_rooms_free(k);
	k = opened(path, 0);
	assert_non_null(known_rooms_find(k, "room-2"));
	assert_int_equal(known_rooms_find(k, "room-0")->shown.offset, 9999);
	known_rooms_free(k);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void **state);
	} all[] = {
	    {"written and read", test_again},
	    {"when it is written", test_when_it_is_written},
	    {"lines", test_lines},
	    {"a file of others", test_others},
	    {"full", test_full},
	};
	struct CMUnitTest tests[sizeof(all) / sizeof(all[0])];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tests[i] = (struct CMUnitTest){
		    all[i].name, all[i].fn, folder_make, folder_remove, NULL};
	return _cmocka_run_group_tests(
	    "known rooms", tests, sizeof(all) / sizeof(all[0]), NULL, NULL);
}
