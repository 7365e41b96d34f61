/* Every option from the command line and from a file, and which source wins; what is
 * refused: test_server_options_refused.c. */
#include "tests/unit/options_run.h"

#include <unistd.h>

#include "server/option_table.h"

/* --- one option from both sources --------------------------------------- */

struct one {
	const char *name, *value;
	size_t offset;
	enum { U32, U64, STRING, CHARS, LEVEL, BOOL, PASSWORD, LISTEN } type;
	uint64_t number;
	const char *string; /* NULL: the value itself */
};
#define AT(member) offsetof(struct server_options, member)

static const struct one ones[] = {
    {"listen", "localhost:7", 0, LISTEN, 0, NULL},
    {"listen", "[::1]:0", 0, LISTEN, 0, NULL},
    {"listen", ":2528", 0, LISTEN, 0, NULL},
    {"listen", "unix:/tmp/c.sock", 0, LISTEN, 0, NULL},
    {"listen", "/tmp/c.sock", 0, LISTEN, 0, NULL},
    {"password", "correct horse", 0, PASSWORD, 0, NULL},
    /* NFC: e and a combining acute become one letter */
    {"password", "cafe\xcc\x81", 0, PASSWORD, 0, "caf\xc3\xa9"},
    {"state", "/tmp/x", AT(state_dir), STRING, 0, NULL},
    {"room", "ops.2-3_x", AT(room), CHARS, 0, NULL},
    {"public-name", "chat.example.org", AT(public_name), STRING, 0, NULL},
    {"public-name", "chat.example.org:99", AT(public_name), STRING, 0, NULL},
    {"public-name", "[2001:db8::1]:99", AT(public_name), STRING, 0, NULL},
    {"scrypt-n", "16384", AT(scrypt_n), U64, 16384, NULL},
    {"scrypt-n", "262144", AT(scrypt_n), U64, 262144, NULL},
    {"max-users", "1", AT(users_max), U32, 1, NULL},
    {"max-users", "100000", AT(users_max), U32, 100000, NULL},
    {"max-per-account", "0", AT(per_account), U32, 0, NULL},
    {"max-per-account", "100000", AT(per_account), U32, 100000, NULL},
    {"max-per-address", "0", AT(per_address), U32, 0, NULL},
    {"max-per-address", "7", AT(per_address), U32, 7, NULL},
    {"rate", "50", AT(rate), U32, 50, NULL},
    {"rate", "50/s", AT(rate), U32, 50, NULL},
    {"rate", "0", AT(rate), U32, 0, NULL},
    {"rate", "0/s", AT(rate), U32, 0, NULL},
    {"rooms", "1", AT(rooms_max), U32, 1, NULL},
    {"rooms", "10000", AT(rooms_max), U32, 10000, NULL},
    {"rooms-per-identity", "0", AT(rooms_per_identity), U32, 0, NULL},
    {"rooms-per-identity", "10000", AT(rooms_per_identity), U32, 10000, NULL},
    {"registration", "open", AT(people.registration), U32, REGISTRATION_OPEN, NULL},
    {"registration", "invite", AT(people.registration), U32, REGISTRATION_INVITE,
	NULL},
    {"registration", "closed", AT(people.registration), U32, REGISTRATION_CLOSED,
	NULL},
    {"invites", "members", AT(people.inviters), U32, INVITERS_MEMBERS, NULL},
    {"invites", "nobody", AT(people.inviters), U32, INVITERS_NOBODY, NULL},
    {"accounts", "0", AT(people.accounts_max), U32, 0, NULL},
    {"accounts-per-hour", "1000000", AT(people.per_hour), U32, 1000000,
	NULL},
    {"room-creation", "members", AT(room_creation), U32, CREATION_MEMBERS,
	NULL},
    {"room-creation", "operators", AT(room_creation), U32,
	CREATION_OPERATORS, NULL},
    {"room-creation", "nobody", AT(room_creation), U32, CREATION_NOBODY, NULL},
    {"newcomers", "member", AT(newcomers), U32, ROLE_MEMBER, NULL},
    {"newcomers", "guest", AT(newcomers), U32, (uint32_t)ROLE_GUEST, NULL},
    {"history", "none", AT(retention.history), U32, HISTORY_NONE, NULL},
    {"history", "members", AT(retention.history), U32, HISTORY_MEMBERS, NULL},
    {"history", "all", AT(retention.history), U32, HISTORY_ALL, NULL},
    {"keep-days", "0", AT(retention.days), U32, 0, NULL},
    {"keep-days", "36500", AT(retention.days), U32, 36500, NULL},
    {"keep-count", "1", AT(retention.count), U32, 1, NULL},
    {"keep-count", "1000000000", AT(retention.count), U32, 1000000000, NULL},
    {"max-keep-days", "30", AT(retention.days_max), U32, 30, NULL},
    {"max-keep-count", "0", AT(retention.count_max), U32, 0, NULL},
    {"files", "0", AT(files.all), U64, 0, NULL},
    {"files", "1024G", AT(files.all), U64, UINT64_C(1) << 40, NULL},
    {"files-person", "1M", AT(files.person), U64, 1 << 20, NULL},
    {"file-size", "2G", AT(files.file), U64, UINT64_C(2) << 30, NULL},
    {"files-days", "0", AT(files_days), U32, 0, NULL},
    {"files-days", "36500", AT(files_days), U32, 36500, NULL},
    {"rate-bytes", "64K", AT(rate_bytes), U64, 64 << 10, NULL},
    {"rate-bytes", "2M/s", AT(rate_bytes), U64, 2 << 20, NULL},
    {"rate-bytes", "0", AT(rate_bytes), U64, 0, NULL},
    {"rate-bytes", "0/s", AT(rate_bytes), U64, 0, NULL},
    {"rate-burst", "128K", AT(rate_burst), U64, 128 << 10, NULL},
    {"rate-burst", "1G", AT(rate_burst), U64, 1 << 30, NULL},
    {"rekey-interval", "1", AT(rekey_ms), U32, 1000, NULL},
    {"rekey-interval", "30s", AT(rekey_ms), U32, 30000, NULL},
    {"rekey-interval", "10m", AT(rekey_ms), U32, 600000, NULL},
    {"rekey-interval", "1h", AT(rekey_ms), U32, 3600000, NULL},
    {"rekey-interval", "7d", AT(rekey_ms), U32, 604800000, NULL},
    {"handshakes", "3", AT(handshakes_max), U32, 3, NULL},
    {"guesses", "30/m", AT(guesses.all), U32, 30, NULL},
    {"guesses", "0", AT(guesses.all), U32, 0, NULL},
    {"guesses-net", "4", AT(guesses.net), U32, 4, NULL},
    {"guesses-name", "3", AT(guesses.name), U32, 3, NULL},
    {"guesses-site", "2/m", AT(guesses.site), U32, 2, NULL},
    {"guesses-address", "0", AT(guesses_address), U32, 0, NULL},
    {"max-memory", "64M", AT(memory_max), U64, 64 << 20, NULL},
    {"workers", "5", AT(workers), U32, 5, NULL},
    {"log-level", "error", AT(logger_level), LEVEL, LOGGER_ERROR, NULL},
    {"log-level", "warn", AT(logger_level), LEVEL, LOGGER_WARN, NULL},
    {"log-level", "info", AT(logger_level), LEVEL, LOGGER_INFO, NULL},
    {"log-level", "debug", AT(logger_level), LEVEL, LOGGER_DEBUG, NULL},
    {"sync", "normal", AT(sync_full), BOOL, 0, NULL},
    {"sync", "full", AT(sync_full), BOOL, 1, NULL},
    {"log-format", "json", AT(log_json), BOOL, 1, NULL},
    {"log-format", "text", AT(log_json), BOOL, 0, NULL},
};

static void check_one(const struct one *c, const struct server_options *o)
{
	const char *at = (const char *)o + c->offset;
	const char *want = c->string != NULL ? c->string : c->value;

	switch (c->type) {
	case U32:
		assert_int_equal(
		    *(const uint32_t *)(const void *)at, c->number);
		break;
	case U64:
		assert_int_equal(
		    *(const uint64_t *)(const void *)at, c->number);
		break;
	case STRING:
		assert_string_equal(*(char *const *)(const void *)at, want);
		break;
	case CHARS:
		assert_string_equal(at, want);
		break;
	case LEVEL:
		assert_int_equal(
		    *(const enum logger_level *)(const void *)at, c->number);
		break;
	case BOOL:
		assert_int_equal(*(const bool *)(const void *)at, c->number);
		break;
	case PASSWORD:
		assert_int_equal(o->password.len, strlen(want));
		assert_memory_equal(o->password.p, want, strlen(want));
		assert_false(o->password_made);
		break;
	case LISTEN:
		assert_int_equal(o->n_listen, 1);
		assert_string_equal(o->listen[0], want);
		break;
	}
}

static void test_argv(void **state)
{
	const struct one *c = *state;
	char dashed[64], joined[256];
	struct run r;

	snprintf(dashed, sizeof(dashed), "--%s", c->name);
	RUN(&r, dashed, c->value);
	assert_string_equal(r.err, "");
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	check_one(c, &r.o);
	run_free(&r);

	snprintf(joined, sizeof(joined), "--%s=%s", c->name, c->value);
	RUN(&r, joined);
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	check_one(c, &r.o);
	run_free(&r);
}

static void test_file(void **state)
{
	static const char *const forms[] = {"%s = %s\n", "%s=%s",
	    "# a comment\n\n \t%s\t = \"%s\" # and another\r\n",
	    "%s = '%s'\n\n"};
	const struct one *c = *state;
	char text[512];
	struct run r;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), forms[i], c->name, c->value);
#pragma GCC diagnostic pop
		run_write("conf", text, strlen(text));
		RUN(&r, "--config", "@conf");
		assert_string_equal(r.err, "");
		assert_int_equal(r.result, OPTION_SOURCES_RUN);
		check_one(c, &r.o);
		run_free(&r);
	}
}

static void test_listen_many(void **state)
{
	const char *args[2 * SERVER_OPTIONS_LISTEN_MAX + 3];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * SERVER_OPTIONS_LISTEN_MAX + 2; i += 2) {
		args[i] = "-l";
		args[i + 1] = "localhost:1";
	}
	args[2 * SERVER_OPTIONS_LISTEN_MAX] = NULL;
	run_options(&r, args);
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_int_equal(r.o.n_listen, SERVER_OPTIONS_LISTEN_MAX);
	run_free(&r);
	args[2 * SERVER_OPTIONS_LISTEN_MAX] = "-l";
	args[2 * SERVER_OPTIONS_LISTEN_MAX + 2] = NULL;
	run_options(&r, args);
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_USAGE);
	assert_non_null(strstr(r.err, "at most 16"));
	run_free(&r);
}

/* --- sources and defaults ---------------------------------------------- */

static void test_defaults(void **state)
{
	struct run r;

	(void)state;
	run_options(&r, (const char *const[]){NULL});
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_int_equal(r.o.n_listen, 1);
	assert_string_equal(r.o.listen[0], "localhost:2528");
	assert_int_equal(r.o.password.len, 0);
	assert_string_equal(r.o.room, "lobby");
	assert_null(r.o.public_name);
	assert_int_equal(r.o.scrypt_n, 131072);
	assert_int_equal(r.o.users_max, 1000);
	assert_int_equal(r.o.rate, 200);
	assert_int_equal(r.o.rekey_ms, 3600000);
	assert_int_equal(r.o.handshakes_max, 1000);
	assert_int_equal(r.o.retention.history, HISTORY_MEMBERS);
	assert_int_equal(r.o.retention.days, 7);
	assert_int_equal(r.o.retention.count, 100000);
	assert_int_equal(r.o.retention.days_max, 365);
	assert_int_equal(r.o.retention.count_max, 1000000);
	assert_int_equal(r.o.files.all, UINT64_C(32) << 30);
	assert_int_equal(r.o.files.person, UINT64_C(8) << 30);
	assert_int_equal(r.o.files.file, UINT64_C(2) << 30);
	assert_int_equal(server_options_files(&r.o).keep_ms,
	    UINT64_C(30) * 86400 * 1000);
	assert_int_equal(r.o.guesses.all, 600);
	assert_int_equal(r.o.guesses.net, 16);
	assert_int_equal(r.o.guesses.site, 4);
	assert_int_equal(r.o.guesses.name, 4);
	assert_int_equal(r.o.guesses_address, 1);
	assert_in_range(r.o.workers, 1, WORKERS_MAX);
	assert_int_equal(r.o.memory_max, 512 << 20);
	assert_int_equal(r.o.logger_level, LOGGER_INFO);
	assert_false(r.o.log_json);
	assert_false(r.o.ephemeral);
	assert_non_null(r.o.state_dir);
	run_free(&r);
}

static void test_state_default(void **state)
{
	const char *want = geteuid() == 0 ? "/var/lib/conclaved"
					  : "/somewhere/state/conclaved";
	struct run r;

	(void)state;
	setenv("XDG_STATE_HOME", "/somewhere/state", 1);
	run_options(&r, (const char *const[]){NULL});
	assert_string_equal(r.o.state_dir, want);
	run_free(&r);
	setenv("XDG_STATE_HOME", "relative", 1);
	setenv("HOME", "/home/somebody", 1);
	want = geteuid() == 0 ? "/var/lib/conclaved"
			      : "/home/somebody/.local/state/conclaved";
	run_options(&r, (const char *const[]){NULL});
	assert_string_equal(r.o.state_dir, want);
	run_free(&r);
	unsetenv("XDG_STATE_HOME");
	RUN(&r, "--ephemeral");
	assert_true(r.o.ephemeral);
	assert_null(r.o.state_dir);
	run_free(&r);
}

/* The command line overrides the file, except for passwords. */
static void test_precedence(void **state)
{
	static const char conf[] = "listen = localhost:1\nlisten = :2\n"
				   "rate = 7\nstate = /tmp/a\n";
	struct run r;

	(void)state;
	run_write("conf", conf, strlen(conf));
	RUN(&r, "--config", "@conf");
	assert_int_equal(r.o.n_listen, 2);
	assert_string_equal(r.o.listen[1], ":2");
	run_free(&r);
	RUN(&r, "-l", "localhost:9", "--config", "@conf", "--rate=8",
	    "--ephemeral");
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_int_equal(r.o.n_listen, 1);
	assert_string_equal(r.o.listen[0], "localhost:9");
	assert_int_equal(r.o.rate, 8);
	assert_true(r.o.ephemeral);
	assert_null(r.o.state_dir);
	run_free(&r);
	run_write("conf", "ephemeral = yes\n", 16);
	RUN(&r, "--config", "@conf", "-s", "/tmp/b");
	assert_int_equal(r.result, OPTION_SOURCES_RUN);
	assert_false(r.o.ephemeral);
	assert_string_equal(r.o.state_dir, "/tmp/b");
	run_free(&r);
	/* the last value of one source wins */
	RUN(&r, "--rate", "1", "--rate", "2");
	assert_int_equal(r.o.rate, 2);
	run_free(&r);
}

/* --- other -------------------------------------------------------------- */

static void test_help(void **state)
{
	char dashed[64];
	const char *line;
	struct run r;
	int i;

	(void)state;
	RUN(&r, "--help");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_OK);
	assert_string_equal(r.err, "");
	for (line = r.out; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 79);
	for (i = 0; i < SERVER_OPTIONS_ROWS; i++) {
		snprintf(dashed, sizeof(dashed), " --%s ",
		    server_options_table[i].name);
		assert_non_null(strstr(r.out, dashed));
	}
	run_free(&r);
	RUN(&r, "--version");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_OK);
	assert_memory_equal(r.out, "conclaved ", 10);
	assert_non_null(strstr(r.out, "conclave/1"));
	run_free(&r);
	RUN(&r, "--check-config", "--scrypt-n", "16384");
	assert_int_equal(r.result, OPTION_SOURCES_EXIT_OK);
	assert_string_equal(r.out, "the configuration is valid\n");
	run_free(&r);
}

static void add_tables(struct check_group *g)
{
	size_t i;

	for (i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		void *c = (void *)(uintptr_t)&ones[i];

		check_add(
		    g, test_argv, c, "argv %s %s", ones[i].name, ones[i].value);
		check_add(
		    g, test_file, c, "file %s %s", ones[i].name, ones[i].value);
	}
}

int main(void)
{
	struct check_group g = {0};
	int r;

	run_setup();
	add_tables(&g);
	check_add(&g, test_listen_many, NULL, "listen: up to 16");
	check_add(&g, test_defaults, NULL, "defaults");
	check_add(&g, test_state_default, NULL, "state directory");
	check_add(&g, test_precedence, NULL, "precedence");
	check_add(&g, test_help, NULL, "help, version, check");
	r = check_run("options", &g);
	run_cleanup();
	return r;
}
