/* Unit tests for the command line: every option in every spelling, the rejected
 * ones, and that no password stays visible in argv or the environment. */
#include <stdarg.h>
#include <unistd.h>

#include "client/setting_sources.h"
#include "client/settings.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"

enum { ARGS_MAX = 16 };

/* A writable command line in memory, like the kernel's. */
struct line {
	char *argv[ARGS_MAX + 1];
	int argc;
	struct client_options o;
	struct errmsg why;
};

static int run(struct line *l, const char *first, ...)
{
	const char *s;
	va_list ap;

	memset(l, 0, sizeof(*l));
	l->argv[l->argc++] = strdup("conclave");
	va_start(ap, first);
	for (s = first; s != NULL; s = va_arg(ap, const char *)) {
		assert_true(l->argc < ARGS_MAX);
		l->argv[l->argc++] = strdup(s);
	}
	va_end(ap);
	return setting_sources_read(&l->o, l->argc, l->argv, &l->why);
}

static void done(struct line *l)
{
	client_options_free(&l->o);
	while (l->argc > 0)
		free(l->argv[--l->argc]);
}

static bool password_is(const struct line *l, const char *s)
{
	return l->o.password.len == strlen(s) &&
	       memcmp(l->o.password.p, s, strlen(s)) == 0;
}

static int setup(void **state)
{
	setenv("HOME", "/home/x", 1);
	setenv("USER", "x", 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("CONCLAVE_PASSWORD");
	return folder_make(state);
}

static void test_defaults(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(run(&l, NULL), 0);
	assert_int_equal(l.o.task, TASK_CHAT);
	assert_string_equal(l.o.server.host, "localhost");
	assert_string_equal(l.o.server.port, "2528");
	assert_string_equal(l.o.server.room, "");
	assert_false(l.o.server.has_fingerprint);
	assert_string_equal(l.o.name, "x");
	assert_int_equal(l.o.password.len, 0);
	assert_string_equal(
	    l.o.identity, "/home/x/.config/conclave/identity.pem");
	assert_string_equal(
	    l.o.known_servers, "/home/x/.config/conclave/known_servers");
	assert_string_equal(
	    l.o.known_people, "/home/x/.config/conclave/known_people");
	assert_string_equal(l.o.export_folder, "/home/x/conclave-exports");
	assert_false(l.o.known_servers_given);
	assert_int_equal(l.o.rsa_bits, 3072);
	assert_int_equal(l.o.ui, UI_AUTO);
	assert_false(l.o.ascii);
	assert_false(l.o.no_reconnect);
	done(&l);
}

static void test_xdg(void **state)
{
	struct line l;

	(void)state;
	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(l.o.identity, "/cfg/conclave/identity.pem");
	done(&l);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(
	    l.o.identity, "/home/x/.config/conclave/identity.pem");
	done(&l);
}

static void test_long(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    run(&l, "--name", "alice", "--identity=/i", "--room", "den",
		"--rsa-bits=4096", "--known-servers", "/s", "--known-people=/p",
		"--json", "--ascii", "--no-reconnect", "h:99", NULL),
	    0);
	assert_string_equal(l.o.name, "alice");
	assert_string_equal(l.o.identity, "/i");
	assert_string_equal(l.o.server.room, "den");
	assert_int_equal(l.o.rsa_bits, 4096);
	assert_string_equal(l.o.known_servers, "/s");
	assert_true(l.o.known_servers_given);
	assert_string_equal(l.o.known_people, "/p");
	assert_int_equal(l.o.ui, UI_JSON);
	assert_true(l.o.ascii);
	assert_true(l.o.no_reconnect);
	assert_string_equal(l.o.server.host, "h");
	assert_string_equal(l.o.server.port, "99");
	done(&l);
}

static void test_short(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    run(&l, "-n", "al", "-ppw", "-i/i", "h", "--plain", NULL), 0);
	assert_string_equal(l.o.name, "al");
	assert_true(password_is(&l, "pw"));
	assert_string_equal(l.o.identity, "/i");
	assert_int_equal(l.o.ui, UI_PLAIN);
	done(&l);
	assert_int_equal(run(&l, "-Pi", "/i", NULL), 0);
	assert_int_equal(l.o.task, TASK_NEW_PASSPHRASE);
	assert_string_equal(l.o.identity, "/i");
	done(&l);
}

static void test_tasks(void **state)
{
	static const struct {
		const char *arg;
		enum client_options_task task;
	} rows[] = {
	    {"-h", TASK_HELP},
	    {"--help", TASK_HELP},
	    {"-V", TASK_VERSION},
	    {"--version", TASK_VERSION},
	    {"--new-passphrase", TASK_NEW_PASSPHRASE},
	    {"--forget-server=h:7", TASK_FORGET_SERVER},
	};
	struct line l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run(&l, rows[i].arg, NULL), 0);
		assert_int_equal(l.o.task, rows[i].task);
		done(&l);
	}
	assert_int_equal(run(&l, "--forget-server", "[::1]:7", NULL), 0);
	assert_string_equal(l.o.server.host, "::1");
	done(&l);
}

static void test_servers(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(run(&l, "conclave://h:7/den#" FP1, NULL), 0);
	assert_string_equal(l.o.server.room, "den");
	assert_true(l.o.server.has_fingerprint);
	assert_int_equal(l.o.server.fingerprint[31], 1);
	done(&l);
	assert_int_equal(
	    run(&l, "--room", "DEN", "conclave://h:7/den#" FP1, NULL), 0);
	done(&l);
	assert_int_equal(run(&l, "unix:/run/c.sock", NULL), 0);
	assert_string_equal(l.o.server.path, "/run/c.sock");
	done(&l);
	assert_int_equal(run(&l, "--", "h", NULL), 0);
	assert_string_equal(l.o.server.host, "h");
	done(&l);
}

static void test_refused(void **state)
{
	static const char *const rows[][4] = {
	    {"--bogus", NULL},
	    {"-x", NULL},
	    {"-", NULL},
	    {"--name", NULL},
	    {"-n", NULL},
	    {"--name=", NULL},
	    {"--name", "a b", NULL},
	    {"--name", "server", NULL},
	    {"--name", "abcdefghijklmnopqrstuvwxy", NULL},
	    {"--room", "", NULL},
	    {"--room", "-a", NULL},
	    {"--rsa-bits", "1024", NULL},
	    {"--rsa-bits", "3072x", NULL},
	    {"--rsa-bits", "", NULL},
	    {"--json=1", NULL},
	    {"--json", "--plain", NULL},
	    {"--tui", "--json", NULL},
	    {"--identity", "", NULL},
	    {"-p", "", NULL},
	    {"-p", "a\nb", NULL},
	    {"-p", "\xff", NULL},
	    {"h", "i", NULL},
	    {"h:0", NULL},
	    {"h:99999", NULL},
	    {"", NULL},
	    {"http://h", NULL},
	    {"conclave://h#abc", NULL},
	    {"--forget-server", "a b", NULL},
	    {"--room", "x", "conclave://h:7/den#" FP1, NULL},
	    {"--password-file", "/nonexistent", NULL},
	};
	struct line l;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = run(&l, rows[i][0], rows[i][1], rows[i][2], NULL);
		if (r != ERR_USAGE && r != ERR_IO)
			print_error("accepted: %s\n", rows[i][0]);
		assert_true(r == ERR_USAGE || r == ERR_IO);
		assert_true(strlen(l.why.text) > 10);
		assert_null(strchr(l.why.text, '\n'));
		done(&l);
	}
}

static void test_password_leaves_argv(void **state)
{
	static const char *const rows[][3] = {{"-p", "hunter22", NULL},
	    {"-phunter22", NULL}, {"--password=hunter22", NULL},
	    {"--password", "hunter22", NULL}, {"-p", "hunter22", "--bogus"}};
	struct line l;
	size_t i;
	int a;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)!run(&l, rows[i][0], rows[i][1], rows[i][2], NULL);
		assert_true(password_is(&l, "hunter22"));
		for (a = 0; a < l.argc; a++)
			assert_null(strstr(l.argv[a], "hunter22"));
		assert_true(l.o.password.secret);
		done(&l);
	}
}

#define INVITE "conclave://h:1/r#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* The secret of a personal invite: in an argument, in the environment, in a
 * sentence about a bad one. */
static void test_invite_is_hidden(void **state)
{
	static const char whole[] = INVITE ",i=abcdefg7.hunter22hunter22hunteA";
	const char *value;
	struct line l;

	(void)state;
	assert_int_equal(run(&l, whole, NULL), 0);
	assert_string_equal(l.argv[1], INVITE);
	assert_string_equal(l.o.server.invite, "abcdefg7");
	assert_string_equal(l.o.server.secret, "hunter22hunter22hunteA");
	done(&l);
	assert_int_equal(l.o.server.secret[0], 0);
	assert_int_equal(run(&l, "--forget-server", whole, NULL), 0);
	assert_string_equal(l.argv[2], INVITE);
	done(&l);
	setenv("CONCLAVE_SERVER", whole, 1);
	value = getenv("CONCLAVE_SERVER");
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(l.o.server.secret, "hunter22hunter22hunteA");
	assert_string_equal(value, INVITE);
	done(&l);
	unsetenv("CONCLAVE_SERVER");
	assert_int_equal(
	    run(&l, INVITE ",i=abcdefg7.hunter22hunter22hunter2", NULL),
	    ERR_USAGE);
	assert_null(strstr(l.argv[1], "hunter"));
	assert_null(strstr(l.why.text, "hunter"));
	done(&l);
	/* A file is written for many starts; the invite is for one. */
	assert_int_equal(run(&l, "--write-config", whole, NULL), 0);
	assert_int_equal(buf_u8(&l.o.config_text, 0), 0);
	assert_non_null(
	    strstr((const char *)l.o.config_text.p, "server = " INVITE "\n"));
	done(&l);
}

static void test_password_is_nfc(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(run(&l, "-p", "e\xcc\x81", NULL), 0);
	assert_true(password_is(&l, "\xc3\xa9"));
	done(&l);
}

static void test_password_environment(void **state)
{
	char *value;
	struct line l;

	(void)state;
	setenv("CONCLAVE_PASSWORD", "sesame", 1);
	value = getenv("CONCLAVE_PASSWORD");
	assert_int_equal(run(&l, NULL), 0);
	assert_true(password_is(&l, "sesame"));
	assert_null(getenv("CONCLAVE_PASSWORD"));
	/* It is also wiped where the kernel shows it (/proc/PID/environ). */
	assert_int_equal(value[0], 0);
	assert_int_equal(value[5], 0);
	done(&l);
	setenv("CONCLAVE_PASSWORD", "sesame", 1);
	assert_int_equal(run(&l, "-p", "other", NULL), 0);
	assert_true(password_is(&l, "other"));
	assert_null(getenv("CONCLAVE_PASSWORD"));
	done(&l);
	setenv("CONCLAVE_PASSWORD", "", 1);
	assert_int_equal(run(&l, NULL), 0);
	assert_int_equal(l.o.password.len, 0);
	done(&l);
}

static void test_password_file(void **state)
{
	static const struct {
		const char *text, *password; /* NULL: rejected */
	} rows[] = {
	    {"pw\n", "pw"},
	    {"pw", "pw"},
	    {"pw\r\nmore\n", "pw"},
	    {" p w \n", " p w "},
	    {"\n", NULL},
	    {"", NULL},
	    {"p\tw\n", NULL},
	    {"p\xffw\n", NULL},
	};
	const char *path = folder_path(state, "pw");
	struct line l;
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		folder_write(path, rows[i].text, 0600);
		r = run(&l, "--password-file", path, NULL);
		assert_int_equal(r, rows[i].password != NULL ? 0 : ERR_USAGE);
		if (rows[i].password != NULL)
			assert_true(password_is(&l, rows[i].password));
		done(&l);
	}
	assert_int_equal(
	    run(&l, "--password-file", path, "-p", "x", NULL), ERR_USAGE);
	done(&l);
}

static void test_password_length(void **state)
{
	const char *path = folder_path(state, "pw");
	char text[WIRE_PASSWORD_MAX + 8];
	struct line l;

	memset(text, 'x', sizeof(text));
	text[WIRE_PASSWORD_MAX] = '\0';
	folder_write(path, text, 0600);
	assert_int_equal(run(&l, "--password-file", path, NULL), 0);
	assert_int_equal(l.o.password.len, WIRE_PASSWORD_MAX);
	done(&l);
	text[WIRE_PASSWORD_MAX] = 'x';
	text[WIRE_PASSWORD_MAX + 1] = '\0';
	folder_write(path, text, 0600);
	assert_int_equal(run(&l, "--password-file", path, NULL), ERR_USAGE);
	done(&l);
}

static void test_name_from(void **state)
{
	static const struct {
		const char *user, *name; /* NULL: no name can be derived */
	} rows[] = {
	    {"alice", "alice"},
	    {"_www", "www"},
	    {"DOMAIN\\bob", "DOMAIN_bob"},
	    {"j\xc3\xbcrgen", "j_rgen"},
	    {"a b  c", "a_b_c"},
	    {"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx"},
	    {"", NULL},
	    {"-._", NULL},
	    {"\xc3\xbc", NULL},
	    {"Server", NULL},
	    {"system", NULL},
	};
	char name[WIRE_NAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(client_options_name_from(name, rows[i].user),
		    rows[i].name != NULL);
		if (rows[i].name != NULL)
			assert_string_equal(name, rows[i].name);
	}
}

/* Every option is in the help and no line is wider than a terminal. */
static void test_help(void **state)
{
	static const char *const names[] = {"-n, --name NAME", "-p, --password",
	    "--password-file", "--invite-file", "-i, --identity", "--rsa-bits", "--room",
	    "--known-servers", "--known-people", "--export-folder",
	    "--forget-server", "--tui",
	    "--plain", "--json", "--ascii", "--no-reconnect", "-V, --version",
	    "-h, --help", "-P, --new-passphrase"};
	const char *line, *text;
	struct buf b;
	size_t i, n, len;

	(void)state;
	buf_init(&b, 1 << 16);
	assert_int_equal(settings_help(&b), 0);
	assert_int_equal(buf_u8(&b, 0), 0);
	text = (const char *)b.p;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(text, names[i]));
	for (line = text; *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		assert_true(len < 80);
	}
	n = b.len - 1;
	assert_true(n > 0 && text[n - 1] == '\n');
	buf_free(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_defaults),
	    T(test_xdg),
	    T(test_long),
	    T(test_short),
	    T(test_tasks),
	    T(test_servers),
	    T(test_refused),
	    T(test_password_leaves_argv),
	    T(test_invite_is_hidden),
	    T(test_password_is_nfc),
	    T(test_password_environment),
	    T(test_password_file),
	    T(test_password_length),
	    T(test_name_from),
	    T(test_help),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
