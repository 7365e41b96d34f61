/* Unit tests for the settings file: what it may contain, what overrides it, the
 * line number in its errors, and the file that --write-config creates. */
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/conf.h"
#include "client/setting_sources.h"
#include "tests/unit/folder.h"

enum { ARGS_MAX = 8 };

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

static const char *const variables[] = {"CONCLAVE_PASSWORD", "CONCLAVE_NAME",
    "CONCLAVE_FACE", "CONCLAVE_RSA_BITS", "CONCLAVE_PASSWORD_FILE",
    "CONCLAVE_SERVER"};

static int setup(void **state)
{
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	setenv("USER", "x", 1);
	if (folder_make(state) != 0)
		return -1;
	setenv("XDG_CONFIG_HOME", *state, 1);
	snprintf(path, sizeof(path), "%s/conclave", (const char *)*state);
	return mkdir(path, 0700);
}

static void config(void **state, const char *text)
{
	folder_write(folder_path(state, "conclave/config"), text, 0600);
}

static void test_every_setting(void **state)
{
	struct line l;

	config(state, "# a comment\n\nserver = h:7\nroom=den\n  \nname = bob\n"
		      "identity = /i\nknown-servers = /s\nknown-people = /p p\n"
		      "export-folder = out/\n"
		      "rsa-bits = 4096\nface = plain\nascii = yes\ncolor = no\n"
		      "notify = osc9\nescape-wait = 400\ntitle = no\nreconnect = no\n");
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(l.o.server.host, "h");
	assert_string_equal(l.o.server.port, "7");
	assert_string_equal(l.o.server.room, "den");
	assert_string_equal(l.o.name, "bob");
	assert_string_equal(l.o.identity, "/i");
	assert_string_equal(l.o.known_servers, "/s");
	assert_true(l.o.known_servers_given);
	assert_string_equal(l.o.known_people, "/p p");
	/* Relative to the folder of the file. */
	assert_string_equal(
	    l.o.export_folder, folder_path(state, "conclave/out"));
	assert_int_equal(l.o.rsa_bits, 4096);
	assert_int_equal(l.o.ui, UI_PLAIN);
	assert_true(l.o.ascii);
	assert_true(l.o.no_color);
	assert_int_equal(l.o.notify, NOTIFY_OSC9);
	assert_int_equal(l.o.escape_wait_ms, 400);
	assert_true(l.o.no_title);
	assert_true(l.o.no_reconnect);
	/* Do not ask for values that the file sets. */
	assert_false(l.o.ask_server);
	assert_false(l.o.ask_name);
	done(&l);
}

static void test_no_file(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(run(&l, NULL), 0);
	assert_true(l.o.ask_server);
	assert_true(l.o.ask_name);
	assert_string_equal(l.o.name, "x");
	assert_string_equal(l.o.server.host, "localhost");
	assert_int_equal(l.o.notify, NOTIFY_BELL);
	assert_false(l.o.no_title);
	assert_false(l.o.no_color);
	done(&l);
	/* Any option on the command line turns the questions off. */
	assert_int_equal(run(&l, "--plain", NULL), 0);
	assert_false(l.o.ask_server);
	assert_false(l.o.ask_name);
	done(&l);
}

static void test_what_wins(void **state)
{
	struct line l;

	config(state, "name = file\nrsa-bits = 4096\nface = json\nserver = f\n"
		      "title = no\n");
	setenv("CONCLAVE_NAME", "env", 1);
	setenv("CONCLAVE_FACE", "plain", 1);
	setenv("CONCLAVE_RSA_BITS", "", 1); /* an empty variable counts as
					       unset */
	assert_int_equal(run(&l, "-n", "arg", NULL), 0);
	assert_string_equal(l.o.name, "arg");
	assert_int_equal(l.o.ui, UI_PLAIN);
	assert_int_equal(l.o.rsa_bits, 4096);
	assert_string_equal(l.o.server.host, "f");
	assert_true(l.o.no_title);
	done(&l);
	assert_int_equal(run(&l, "--tui", "h", NULL), 0);
	assert_string_equal(l.o.name, "env");
	assert_int_equal(l.o.ui, UI_TUI);
	assert_string_equal(l.o.server.host, "h");
	done(&l);
	setenv("CONCLAVE_SERVER", "e", 1);
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(l.o.server.host, "e");
	done(&l);
}

static bool password_is(const struct line *l, const char *s)
{
	return l->o.password.len == strlen(s) &&
	       memcmp(l->o.password.p, s, strlen(s)) == 0;
}

static void test_password_file_wins_over_nothing(void **state)
{
	const char *pw = folder_path(state, "pw");
	char text[300];
	struct line l;

	folder_write(pw, "of the file\n", 0600);
	snprintf(text, sizeof(text), "password-file = %s\n", pw);
	config(state, text);
	assert_int_equal(run(&l, NULL), 0);
	assert_true(password_is(&l, "of the file"));
	done(&l);
	setenv("CONCLAVE_PASSWORD", "env", 1);
	assert_int_equal(run(&l, NULL), 0);
	assert_true(password_is(&l, "env"));
	done(&l);
	assert_int_equal(run(&l, "-p", "arg", NULL), 0);
	assert_true(password_is(&l, "arg"));
	done(&l);
}

/* An invite on the command line sets the room, whatever the file says. */
static void test_room_of_an_invite(void **state)
{
	struct line l;

	config(state, "room = den\n");
	assert_int_equal(run(&l, "conclave://h:7/lobby", NULL), 0);
	assert_string_equal(l.o.server.room, "lobby");
	done(&l);
	assert_int_equal(run(&l, "h:7", NULL), 0);
	assert_string_equal(l.o.server.room, "den");
	done(&l);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
	    {"nmae = x\n", ":1: ", "no setting \"nmae\""},
	    {"\n# c\nrsa-bits = 12\n", ":3: ", "2048, 3072 or 4096"},
	    {"name = a b\n", ":1: ", "name: \"a b\" is not valid"},
	    {"title = perhaps\n", ":1: ", "yes or no"},
	    {"face = loud\n", ":1: ", "auto, tui, plain or json"},
	    {"escape-wait = 0\n", ":1: ", "10 to 5000 milliseconds"},
	    {"notify = drum\n", ":1: ", "bell, osc9, osc777 or none"},
	    {"server = http://x\n", ":1: ", "give an invite"},
	    {"room = -\n", ":1: ", "room: \"-\" is not valid"},
	    {"identity =\n", ":1: ", "give the name of a file"},
	    {"name = a\nname = b\n", ":2: ", "line 1 sets it already"},
	    {"name = a\n  b\n", ":2: ", "name = value"},
	    {"name = a\n[net]\nroom = b\n", ":3: ", "no [sections]"},
	    {"name = a\nplain\n", ":2: ", "name = value"},
	    {"plain\nname = a b\n", ":1: ", "name = value"},
	    {"password = x\n", ":1: ", "command line only"},
	};
	char place[300], text[400];
	struct line l;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config(state, rows[i].text);
		assert_int_equal(run(&l, NULL), ERR_USAGE);
		snprintf(place, sizeof(place), "%s/conclave/config%s",
		    (const char *)*state, rows[i].place);
		if (strncmp(l.why.text, place, strlen(place)) != 0 ||
		    strstr(l.why.text, rows[i].sentence) == NULL)
			fail_msg("%s: %s", rows[i].text, l.why.text);
		assert_null(strchr(l.why.text, '\n'));
		done(&l);
		/* --help works even when the file is broken. */
		assert_int_equal(run(&l, "--help", NULL), 0);
		done(&l);
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, "\nidentity = ", 12);
	text[399] = '\0';
	config(state, text);
	assert_int_equal(run(&l, NULL), ERR_USAGE);
	assert_non_null(strstr(l.why.text, "config:2: this line is too long"));
	done(&l);
}

static void test_mistakes_in_the_environment(void **state)
{
	struct line l;

	(void)state;
	setenv("CONCLAVE_RSA_BITS", "12", 1);
	assert_int_equal(run(&l, NULL), ERR_USAGE);
	assert_non_null(strstr(l.why.text, "$CONCLAVE_RSA_BITS: \"12\" is not valid"));
	done(&l);
}

/* Reject a file that others can write: it could change who we are. */
static void test_file_of_others(void **state)
{
	struct line l;

	config(state, "name = eve\n");
	assert_int_equal(chmod(folder_path(state, "conclave/config"), 0666), 0);
	assert_int_equal(run(&l, NULL), ERR_IO);
	assert_non_null(strstr(l.why.text, "config"));
	done(&l);
}

static void test_write(void **state)
{
	const char *path = folder_path(state, "conclave/config");
	struct line l;
	char *text, *again;
	struct stat st;

	assert_int_equal(run(&l, "--write-config", "-n", "bob", "--plain",
			     "--no-title", "h:9", NULL),
	    0);
	assert_int_equal(l.o.task, TASK_WRITE_CONFIG);
	assert_string_equal(l.o.config, path);
	assert_int_equal(client_options_write_config(&l.o, &l.why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	text = folder_read(path);
	assert_non_null(strstr(text, "\nname = bob\n"));
	assert_non_null(strstr(text, "\n# rsa-bits = 3072\n"));
	/* It does not overwrite the file. */
	assert_int_equal(
	    client_options_write_config(&l.o, &l.why), ERR_STATE);
	assert_non_null(strstr(l.why.text, "was not changed"));
	done(&l);
	again = folder_read(path);
	assert_string_equal(text, again);
	free(text);
	free(again);
	/* The new file gives the same settings. */
	assert_int_equal(run(&l, NULL), 0);
	assert_string_equal(l.o.name, "bob");
	assert_string_equal(l.o.server.port, "9");
	assert_int_equal(l.o.ui, UI_PLAIN);
	assert_true(l.o.no_title);
	done(&l);
}

/* Every commented setting in the new file parses and states the default. */
static void test_written_settings_are_normal(void **state)
{
	const char *path = folder_path(state, "conclave/config");
	struct line l;
	char *text, *p;
	int n = 0;

	assert_int_equal(run(&l, "--write-config", NULL), 0);
	assert_int_equal(client_options_write_config(&l.o, &l.why), 0);
	done(&l);
	text = folder_read(path);
	for (p = text; (p = strchr(p, '\n')) != NULL; p++) {
		if (p[1] != '#' || strncmp(p + 1, "# ", 2) != 0)
			continue;
		/* "# name = value" of a setting that has a value */
		if (strchr("abcdefghijklmnopqrstuvwxyz", p[3]) == NULL ||
		    strstr(p, " = ") == NULL ||
		    strstr(p, " = ") > strchr(p + 1, '\n'))
			continue;
		p[1] = p[2] = ' ';
		n++;
	}
	assert_true(n >= 7);
	/* A leading blank would continue the previous line. */
	for (p = text; (p = strstr(p, "\n  ")) != NULL;)
		memmove(p + 1, p + 3, strlen(p + 3) + 1);
	assert_int_equal(unlink(path), 0);
	config(state, text);
	free(text);
	if (run(&l, NULL) != 0)
		fail_msg("%s", l.why.text);
	assert_int_equal(l.o.rsa_bits, 3072);
	assert_int_equal(l.o.notify, NOTIFY_BELL);
	assert_string_equal(l.o.server.host, "localhost");
	assert_false(
	    l.o.no_title || l.o.no_color || l.o.ascii || l.o.no_reconnect);
	done(&l);
}

static void test_what_a_file_cannot_hold(void **state)
{
	struct line l;

	(void)state;
	assert_false(conf_can_hold("name", " x"));
	assert_false(conf_can_hold("name", "x ;y"));
	assert_false(conf_can_hold("name", "x\ny"));
	assert_true(conf_can_hold("name", "x;y#z = [w]"));
	assert_int_equal(
	    run(&l, "--write-config", "-i", "/a ;b", NULL), ERR_USAGE);
	assert_non_null(strstr(l.why.text, "cannot hold this identity"));
	done(&l);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_every_setting),
	    T(test_no_file),
	    T(test_what_wins),
	    T(test_password_file_wins_over_nothing),
	    T(test_room_of_an_invite),
	    T(test_mistakes),
	    T(test_mistakes_in_the_environment),
	    T(test_file_of_others),
	    T(test_write),
	    T(test_written_settings_are_normal),
	    T(test_what_a_file_cannot_hold),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
