/* The administrator's side without a socket: requests, who may ask, metrics, and
 * the table of a reload. */
#include "server/admin/metrics.h"
#include "server/admin/peer.h"
#include "server/admin/order.h"
#include "server/option_table.h"
#include "server/reload.h"
#include "shared/wire/json.h"
#include "tests/unit/check.h"
#include "tests/unit/folder.h"

/* --- requests ------------------------------------------------------------- */

static int parse(const char *line, struct order *r)
{
	const char *wrong = NULL;
	int err = order_parse(r, line, strlen(line), &wrong);

	assert_non_null(wrong);
	return err;
}

static void test_requests(void **state)
{
	struct order r;
	char line[64];
	int i;

	(void)state;
	for (i = 0; i < ORDERS; i++) {
		if (i == ORDER_PASSWORD || i == ORDER_REVOKE ||
		    (i >= ORDER_KICK && i != ORDER_INVITES &&
			i != ORDER_ACCOUNTS && i != ORDER_FILES))
			continue;
		snprintf(line, sizeof(line), "{\"do\":\"%s\"}",
		    order_word((enum order_what)i));
		assert_int_equal(parse(line, &r), 0);
		assert_int_equal(r.what, i);
	}
	for (i = ORDER_KICK; i < ORDERS; i++) {
		if (i == ORDER_REVOKE || i == ORDER_INVITES ||
		    i == ORDER_ACCOUNTS || i >= ORDER_FILES)
			continue;
		snprintf(line, sizeof(line),
		    "{\"do\":\"%s\",\"who\":\"bob\"%s}",
		    order_word((enum order_what)i),
		    i == ORDER_ROLE ? ",\"role\":\"guest\"" : "");
		assert_int_equal(parse(line, &r), 0);
		assert_string_equal(r.who, "bob");
		assert_true(i != ORDER_ROLE || r.role == ROLE_GUEST);
	}
	assert_int_equal(
	    parse("{\"do\":\"people\",\"room\":\"lobby\"}", &r), 0);
	assert_string_equal(r.room, "lobby");
	assert_int_equal(
	    parse("{\"count\":7,\"follow\":true,\"do\":\"audit\"}", &r), 0);
	assert_true(r.count == 7 && r.follow);
	assert_int_equal(parse("{\"do\":\"file_delete\",\"file\":"
			       "\"0123456789abcdef00000000000000ff\"}",
			     &r),
	    0);
	assert_memory_equal(r.blob,
	    "\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\xff", 16);
}

static void test_refused_requests(void **state)
{
	static const char *const lines[] = {"", "{}", "[]", "null",
	    "{\"do\":1}", "{\"do\":\"nothing\"}",
	    "{\"do\":\"status\",\"room\":\"lobby\"}",
	    "{\"do\":\"people\",\"room\":\"\"}",
	    "{\"do\":\"people\",\"room\":\"server\"}",
	    "{\"do\":\"people\",\"room\":7}",
	    "{\"do\":\"people\",\"room\":\"a/b\"}",
	    "{\"do\":\"people\",\"room\":\"lobby\",\"x\":null}",
	    "{\"do\":\"audit\",\"count\":0}",
	    "{\"do\":\"audit\",\"count\":1001}",
	    "{\"do\":\"audit\",\"count\":\"7\"}",
	    "{\"do\":\"audit\",\"follow\":1}", "{\"do\":\"password\"}",
	    "{\"do\":\"password\",\"record\":\"\"}", "{\"do\":\"kick\"}",
	    "{\"do\":\"kick\",\"who\":\"\"}",
	    "{\"do\":\"kick\",\"who\":\"server\"}",
	    "{\"do\":\"kick\",\"who\":\"bob\",\"seconds\":9}",
	    "{\"do\":\"ban\",\"who\":\"bob\",\"seconds\":0}",
	    "{\"do\":\"ban\",\"who\":\"bob\",\"seconds\":315360001}",
	    "{\"do\":\"role\",\"who\":\"bob\"}",
	    "{\"do\":\"role\",\"who\":\"bob\",\"role\":\"king\"}",
	    "{\"do\":\"password\",\"record\":[]}",
	    "{\"do\":\"invite\",\"uses\":0}",
	    "{\"do\":\"invite\",\"uses\":1001}",
	    "{\"do\":\"invite\",\"uses\":\"1\"}",
	    "{\"do\":\"invite\",\"who\":\"bob\"}", "{\"do\":\"revoke\"}",
	    "{\"do\":\"revoke\",\"id\":\"short\"}",
	    "{\"do\":\"revoke\",\"id\":\"ABCD2345\"}", "{\"do\":\"recover\"}",
	    "{\"do\":\"recover\",\"who\":\"bob\",\"uses\":2}",
	    "{\"do\":\"file_delete\"}", "{\"do\":\"files\",\"who\":\"bob\"}",
	    "{\"do\":\"file_delete\",\"file\":"
	    "\"0123456789abcdef00000000000000f\"}",
	    "{\"do\":\"file_delete\",\"file\":"
	    "\"0123456789ABCDEF00000000000000ff\"}",
	    "{\"do\":\"file_delete\",\"file\":"
	    "\"0123456789abcdef00000000000000fff\"}",
	    "{\"do\":\"accounts\",\"device\":\"abc\"}", "{\"do\":\"forget\"}",
	    "{\"do\":\"forget\",\"who\":\"bob\",\"device\":\"\"}",
	    "{\"do\":\"forget\",\"who\":\"bob\",\"device\":\"a+b\"}",
	    /* of 44 bytes */
	    ("{\"do\":\"forget\",\"who\":\"bob\",\"device\":"
	     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"),
	    " {\"do\":\"status\"}", "{\"do\":\"status\"}{}"};
	struct order r;
	char *longest;
	const char *wrong;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_not_equal(parse(lines[i], &r), 0);
	longest = calloc(1, ORDER_MAX + 2);
	memset(longest, ' ', ORDER_MAX + 1);
	memcpy(longest, "{\"do\":\"status\"", 14);
	longest[ORDER_MAX] = '}';
	assert_int_equal(
	    order_parse(&r, longest, ORDER_MAX + 1, &wrong), ERR_JSON);
	free(longest);
}

/* --- who may ask ---------------------------------------------------------- */

static void test_rights(void **state)
{
	const struct peer_rights alone = {.own = 1000}, group = {.own = 1000,
							    .group = 50,
							    .has_group = true};
	const gid_t none[] = {0}, in[] = {7, 50}, out[] = {7, 51};

	(void)state;
	assert_true(peer_may(&alone, 0, 5, none, 0));
	assert_true(peer_may(&alone, 1000, 5, none, 0));
	assert_false(peer_may(&alone, 1001, 0, none, 1));
	assert_false(peer_may(&alone, (uid_t)-1, 0, none, 0));
	assert_false(peer_may(&group, (uid_t)-1, 50, in, 2));
	assert_true(peer_may(&group, 1001, 50, none, 0));
	assert_true(peer_may(&group, 1001, 5, in, 2));
	assert_false(peer_may(&group, 1001, 5, out, 2));
	/* Without --control-group no group counts, whatever its number. */
	assert_false(peer_may(&alone, 1001, 0, none, 0));
}

/* --- metrics -------------------------------------------------------------- */

static void test_metrics(void **state)
{
	struct counters c = {.n = {0}};
	struct totals t = {.queued = 5};
	struct gauges g = {.people = 3};
	struct buf out;
	uint64_t us;
	int r;

	(void)state;
	for (us = 1; us < 10000000; us *= 3)
		counters_step(&c, us);
	c.n[COUNT_REKEYS] = UINT64_MAX;
	counters_sum(&t.counters, &c);
	counters_sum(&t.counters, &c);
	assert_int_equal(t.counters.step_us, 2 * c.step_us);
	assert_int_equal(t.counters.step[0], 2 * 4); /* 1, 3, 9, 27 */
	assert_int_equal(t.counters.step[COUNTERS_STEPS - 1], 2 * 3);
	buf_init(&out, METRICS_MAX);
	assert_int_equal(metrics_text(&out, &g, &t), 0);
	assert_int_equal(buf_u8(&out, '\0'), 0);
	assert_non_null(strstr((char *)out.p, "\nconclave_people 3\n"));
	assert_non_null(strstr((char *)out.p, "\nconclave_queued_bytes 5\n"));
	assert_non_null(strstr((char *)out.p,
	    "\nconclave_loop_step_seconds_bucket{le=\"5e-05\"} 8\n"));
	assert_non_null(strstr((char *)out.p, "{le=\"+Inf\"} 30\n"));
	buf_free(&out);
	/* However little room there is, it fails and does not overrun. */
	for (r = 0; r < 5000; r += 97) {
		buf_init(&out, (size_t)r);
		assert_int_equal(metrics_text(&out, &g, &t), ERR_LIMIT);
		buf_free(&out);
	}
}

/* --- reload --------------------------------------------------------------- */

struct reloading {
	struct server_options_values v, unused;
	struct option_origins from;
	struct buf changed, notes;
	struct errmsg why;
};

static void begin(struct reloading *r, const char *path)
{
	struct opts m;

	server_options_machine(&m, &r->v, &r->unused);
	assert_int_equal(opts_file(&m, path, 0, &r->why), 0);
	memcpy(r->from.of, m.from, sizeof(r->from.of));
	r->v.o.config = strdup(path);
	buf_init(&r->changed, 4096);
	buf_init(&r->notes, 4096);
}

static int again(struct reloading *r)
{
	int err;

	buf_clear(&r->changed);
	buf_clear(&r->notes);
	err =
	    reload_options(&r->v.o, &r->from, &r->changed, &r->notes, &r->why);
	assert_int_equal(buf_u8(&r->changed, '\0'), 0);
	assert_int_equal(buf_u8(&r->notes, '\0'), 0);
	return err;
}

static void end(struct reloading *r)
{
	buf_free(&r->changed);
	buf_free(&r->notes);
	server_options_values_free(&r->v);
	server_options_values_free(&r->unused);
}

/* A value for each option that a file may have, other than its default. */
static const char *other_value(const char *name)
{
	static const char *const values[][2] = {{"listen", "127.0.0.1:9"},
	    {"tls-listen", "127.0.0.1:9"}, {"tls-cert", "/c"},
	    {"tls-key", "/k"}, {"tls-client-ca", "/a"}, {"tls-crl", "/l"},
	    {"require-certificate", "/m"}, {"crl", "/r"},
	    {"password", "something long"}, {"password-file", "/p"},
	    {"record", "/r"}, {"state", "/s"}, {"ephemeral", "yes"},
	    {"sync", "normal"}, {"room", "team"},
	    {"public-name", "chat.example"}, {"scrypt-n", "32768"},
	    {"max-users", "7"}, {"max-per-account", "7"},
	    {"max-per-address", "7"}, {"rate", "7"}, {"rate-bytes", "7K"},
	    {"rate-burst", "7M"}, {"rekey-interval", "7m"}, {"handshakes", "7"},
	    {"proxy-from", "192.0.2.7"}, {"guesses", "7"}, {"guesses-net", "7"},
	    {"guesses-site", "7"}, {"guesses-name", "7"},
	    {"guesses-address", "7"},
	    {"control", "none"}, {"control-group", "root"}, {"user", "root"},
	    {"no-sandbox", "yes"}, {"require-pq", "yes"}, {"max-memory", "77M"},
	    {"workers", "7"}, {"log-level", "error"}, {"log-format", "json"},
	    {"log-addresses", "no"}, {"rooms", "7"},
	    {"rooms-per-identity", "7"}, {"room-creation", "operators"},
	    {"registration", "invite"}, {"invites", "members"},
	    {"accounts", "7"}, {"accounts-per-hour", "7"},
	    {"newcomers", "guest"}, {"history", "none"}, {"keep-days", "8"},
	    {"keep-count", "9"}, {"max-keep-days", "70"},
	    {"files", "7G"}, {"files-person", "7M"}, {"file-size", "7M"},
	    {"files-days", "7"},
	    {"max-keep-count", "700"}, {"contact", "mailto:a@example.org"}};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i][0], name) == 0)
			return values[i][1];
	return NULL;
}

/* No option of the file is passed over in silence. */
static void test_each_option_is_named(void **state)
{
	const char *path = folder_path(state, "conf");
	const struct opts_row *row;
	struct reloading r;
	char text[256];
	size_t i;

	for (i = 0; i < SERVER_OPTIONS_ROWS; i++) {
		row = &server_options_table[i];
		if ((row->flags & OPTS_NO_FILE) != 0)
			continue;
		assert_non_null(other_value(row->name));
		folder_write(path, "", 0600);
		begin(&r, path);
		snprintf(text, sizeof(text), "%s = %s\n", row->name,
		    other_value(row->name));
		folder_write(path, text, 0600);
		assert_int_equal(again(&r), 0);
		snprintf(text, sizeof(text), "%s: ", row->name);
		if (strncmp((char *)r.notes.p, text, strlen(text)) != 0)
			fail_msg("%s is not named: %s", row->name,
			    (char *)r.notes.p);
		end(&r);
	}
}

static void test_reload(void **state)
{
	const char *path = folder_path(state, "conf");
	struct reloading r;

	folder_write(path, "rate = 5\nworkers = 3\n", 0600);
	begin(&r, path);
	assert_int_equal(again(&r), 0);
	assert_string_equal((char *)r.notes.p, "");
	/* What argv or the environment has said stays. */
	r.from.of[0] = OPTS_ARGV; /* listen */
	folder_write(path,
	    "rate = 6\nworkers = 4\nproxy-from = unix\nlisten = :9\n", 0600);
	assert_int_equal(again(&r), 0);
	assert_int_equal(r.v.o.rate, 6);
	assert_int_equal(r.v.o.workers, 3);
	assert_int_equal(r.v.o.proxies.n, 1);
	assert_string_equal((char *)r.changed.p, "rate, proxy-from");
	assert_null(strstr((char *)r.notes.p, "listen"));
	assert_non_null(strstr(
	    (char *)r.notes.p, "workers: takes effect at the next start\n"));
	/* A line taken out is the default again. */
	folder_write(path, "workers = 3\n", 0600);
	assert_int_equal(again(&r), 0);
	assert_int_equal(r.v.o.rate, 200);
	assert_int_equal(r.v.o.proxies.n, 0);
	/* A fault changes nothing. */
	folder_write(path, "rate = 9\nrate-burst = much\n", 0600);
	assert_int_equal(again(&r), ERR_USAGE);
	assert_non_null(strstr(r.why.text, "conf:2: rate-burst"));
	assert_int_equal(r.v.o.rate, 200);
	folder_write(path, "record = /a\npassword = something\n", 0600);
	assert_int_equal(reload_check(&r.v.o, &r.from, &r.why), ERR_USAGE);
	end(&r);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_refused_requests),
	    cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_metrics),
	    CASE(test_each_option_is_named),
	    CASE(test_reload),
	};

	json_setup();
	return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
