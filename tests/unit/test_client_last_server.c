/* Unit tests for last_server: what a start without arguments offers, and that no
 * damaged, planted or foreign file makes it offer anything else. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/last_server.h"
#include "tests/unit/folder.h"

#define KNOWN folder_path(state, "known_servers")
#define LAST  folder_path(state, "last_server")

/* Pins a server, and is let in there. */
static void visit(void **state, const char *address, const char *name)
{
	static const uint8_t fp[WIRE_HASH] = {1};
	char known[SERVERS_NAME_MAX];
	struct errmsg why;
	struct uri u;

	assert_int_equal(uri_parse(&u, address), 0);
	servers_name(known, &u);
	assert_int_equal(servers_add(KNOWN, known, fp, "", &why), 0);
	last_server_keep(KNOWN, &u, name);
}

static void offers(void **state, const char *address, const char *name)
{
	struct last_server got;

	assert_true(last_server_read(&got, KNOWN));
	assert_string_equal(got.address, address);
	assert_string_equal(got.name, name);
}

static void offers_nothing(void **state)
{
	struct last_server got;

	assert_false(last_server_read(&got, KNOWN));
}

static void test_every_form(void **state)
{
	static const char fp[] = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
	static const char *const rows[][2] = {
	    {"localhost", "localhost:2528"},
	    {"Chat.Example.ORG:99", "chat.example.org:99"},
	    {"[2001:db8::1]:7", "[2001:db8::1]:7"},
	    {"conclaves://h", "conclaves://h:2529"},
	    {"conclaves://[::1]:4", "conclaves://[::1]:4"},
	    {"/run/a b%", "conclave+unix:///run/a%20b%25"},
	};
	char invite[URI_TEXT_MAX];
	size_t i;

	offers_nothing(state);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		visit(state, rows[i][0], "ana");
		offers(state, rows[i][1], "ana");
	}
	/* Neither room nor secrets of an invite are kept. */
	snprintf(invite, sizeof(invite),
	    "conclave://h:5/den#%s,i=abcdefgh.AQEBAQEBAQEBAQEBAQEBAQ,s=%s", fp,
	    fp);
	visit(state, invite, "ben");
	offers(state, "h:5", "ben");
	assert_int_equal(folder_count(state), 2);
}

static void test_forgotten(void **state)
{
	struct errmsg why;
	size_t n;

	visit(state, "h:1", "ana");
	visit(state, "h:2", "ana");
	offers(state, "h:2", "ana");
	assert_int_equal(servers_forget(KNOWN, "h:2", &n, &why), 0);
	offers_nothing(state);
	folder_write(KNOWN, "h:2 what\n", 0600); /* it cannot be told */
	offers_nothing(state);
}

static void test_written_once(void **state)
{
	struct stat before, after;

	visit(state, "h:1", "ana");
	assert_int_equal(stat(LAST, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	visit(state, "h:1", "ana");
	assert_int_equal(stat(LAST, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	visit(state, "h:1", "ben");
	offers(state, "h:1", "ben");
}

static void test_damaged(void **state)
{
	static const char good[] = "h:1 ana\n";
	static const char *const bad[] = {"", "\n", "h:1\n", "h:1 \n", " ana\n",
	    "h:1 ana", "h:1 ana\n\n", "h:1 ana\nh:2 ben\n", "h:1  ana\n",
	    "h:1 a/b\n", "h:1 abcdefghijklmnopqrstuvwxy\n", "H:1 ana\n",
	    "\"h:1\" ana\n", "h:1\033[2J ana\n", "conclave://h:1 ana\n",
	    "h ana\n", "h:0 ana\n", "h:1/den ana\n", "/run/x ana\n"};
	char text[sizeof(good)];
	struct last_server got;
	size_t i;

	visit(state, "h:1", "ana");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		folder_write(LAST, bad[i], 0600);
		offers_nothing(state);
	}
	/* With a flipped bit it is nothing, or another name on that server. */
	for (i = 0; i < 8 * (sizeof(good) - 1); i++) {
		memcpy(text, good, sizeof(good));
		text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
		folder_write(LAST, text, 0600);
		if (last_server_read(&got, KNOWN))
			assert_string_equal(got.address, "h:1");
	}
	folder_write(LAST, good, 0600);
	offers(state, "h:1", "ana");
}

static void test_long(void **state)
{
	char line[2000];

	visit(state, "h:1", "ana");
	memset(line, 'h', sizeof(line));
	memcpy(line + sizeof(line) - 8, ":1 ana\n", 8);
	folder_write(LAST, line, 0600);
	offers_nothing(state);
}

static void test_foreign(void **state)
{
	visit(state, "h:1", "ana");
	assert_int_equal(chmod(LAST, 0666), 0);
	offers_nothing(state);
	assert_int_equal(unlink(LAST), 0);
	folder_write(folder_path(state, "planted"), "h:1 ben\n", 0600);
	assert_int_equal(symlink(folder_path(state, "planted"), LAST), 0);
	offers_nothing(state);
	assert_int_equal(unlink(LAST), 0);
	/* It cannot be written: nobody is disturbed. */
	assert_int_equal(mkdir(LAST, 0700), 0);
	visit(state, "h:1", "ana");
	offers_nothing(state);
	assert_int_equal(rmdir(LAST), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_every_form),
	    T(test_forgotten),
	    T(test_written_once),
	    T(test_damaged),
	    T(test_long),
	    T(test_foreign),
	};

	return cmocka_run_group_tests_name("last_server", tests, NULL, NULL);
}
