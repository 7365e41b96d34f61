/* Log lines on standard error: one line each, whatever name a peer has. */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "server/logger.h"
#include "shared/wire/json.h"

/* A pipe that replaces standard error. */
struct fixture {
	int saved, end;
};

static void divert(struct fixture *f)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	f->saved = dup(STDERR_FILENO);
	assert_true(f->saved >= 0);
	assert_int_equal(dup2(p[1], STDERR_FILENO), STDERR_FILENO);
	close(p[1]);
	f->end = p[0];
	assert_int_equal(fcntl(f->end, F_SETFL, O_NONBLOCK), 0);
}

static void take_back(struct fixture *f)
{
	dup2(f->saved, STDERR_FILENO);
	close(f->saved);
	close(f->end);
}

/* Reads one line without its newline; false if there is none. */
static bool line_of(struct fixture *f, char *out, size_t size)
{
	ssize_t n = read(f->end, out, size - 1);

	if (n <= 0)
		return false;
	assert_int_equal(out[n - 1], '\n');
	out[n - 1] = '\0';
	assert_null(strchr(out, '\n'));
	return true;
}

static void test_text(void **state)
{
	const struct logger l = {.level = LOGGER_INFO};
	char line[8192];
	struct fixture f;
	bool got;

	(void)state;
	divert(&f);
	errno = EPIPE;
	logger_info(&l, "join", "%s is here, %d in all", "alice", 3);
	assert_int_equal(errno, EPIPE);
	got = line_of(&f, line, sizeof(line));
	take_back(&f);
	assert_true(got);
	/* 2026-11-21T01:34:02Z info join: ... */
	assert_int_equal(strspn(line, "0123456789-:TZ"), 20);
	assert_string_equal(line + 20, " info join: alice is here, 3 in all");
}

static void test_levels(void **state)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	struct logger l = {0};
	int level, at, lines, want;
	char line[8192];
	struct fixture f;

	(void)state;
	for (level = LOGGER_ERROR; level <= LOGGER_DEBUG; level++) {
		l.level = (enum logger_level)level;
		lines = 0;
		divert(&f);
		for (at = LOGGER_ERROR; at <= LOGGER_DEBUG; at++) {
			logger_write(&l, (enum logger_level)at, "x", "y");
			if (!line_of(&f, line, sizeof(line)))
				continue;
			lines++;
			want = memcmp(line + 21, words[at], strlen(words[at]));
			assert_int_equal(want, 0);
		}
		take_back(&f);
		assert_int_equal(lines, level + 1);
	}
}

/* A name must not start a new line, control the terminal, or end the JSON
 * object. */
static const char *const hostile[] = {
    "a\n2026-11-21T01:34:02Z info join: forged",
    "\x1b[2J\x07",
    "\xff\xc3(",
    "\xe2\x80\xae wrong way",
    "\",\"level\":\"error\"}\n{\"x\":\"",
    "back\\slash \\\"",
};

static void test_hostile(void **state)
{
	struct logger l = {.level = LOGGER_INFO};
	const char *text, *p;
	char line[8192];
	struct fixture f;
	json_t *j;
	size_t n;
	bool got;

	for (l.json = false;; l.json = true) {
		divert(&f);
		logger_info(&l, "join", "%s", (const char *)*state);
		got = line_of(&f, line, sizeof(line));
		take_back(&f);
		assert_true(got);
		for (p = line; *p != '\0'; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		assert_null(strstr(line, "\xe2\x80\xae"));
		if (!l.json)
			continue;
		assert_int_equal(json_parse(&j, line, strlen(line)), 0);
		assert_int_equal(json_object_size(j), 4);
		assert_true(json_is(j, "level", "info"));
		assert_true(json_is(j, "what", "join"));
		assert_int_equal(json_str(j, "time", &text, &n), 0);
		assert_int_equal(json_str(j, "text", &text, &n), 0);
		json_decref(j);
		break;
	}
}

/* The longest possible entry is still one line, and its JSON one object. */
static void test_long(void **state)
{
	static const char *const units[] = {"x", "\"", "\xc3\xa9",
	    "\xf0\x9f\x98\x80", "\x01", "\\\xe2\x82\xac"};
	struct logger l = {.level = LOGGER_INFO};
	char text[8000], line[8192];
	struct fixture f;
	size_t i, n;
	json_t *j;
	bool got;

	(void)state;
	for (i = 0; i < 2 * sizeof(units) / sizeof(units[0]); i++) {
		const char *u = units[i / 2];

		l.json = i % 2 != 0;
		for (n = 0; n + strlen(u) < sizeof(text); n += strlen(u))
			memcpy(text + n, u, strlen(u));
		text[n] = '\0';
		divert(&f);
		logger_info(&l, "x", "%s", text);
		got = line_of(&f, line, sizeof(line));
		take_back(&f);
		assert_true(got);
		assert_in_range(strlen(line), 500, 4095);
		if (l.json) {
			assert_int_equal(json_parse(&j, line, strlen(line)), 0);
			json_decref(j);
		}
	}
}

/* When nobody reads the pipe, lines are lost and the caller continues. */
static void test_full(void **state)
{
	const struct logger l = {.level = LOGGER_INFO};
	struct fixture f;
	char big[900];
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	int i, full;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	alarm(60); /* in case it blocks */
	divert(&f);
	for (i = 0; i < 2000; i++)
		logger_info(&l, "x", "%s", big);
	full = poll(&p, 1, 0);
	take_back(&f);
	alarm(0);
	assert_int_equal(full, 0);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	json_setup();
	check_add(&g, test_text, NULL, "text");
	check_add(&g, test_levels, NULL, "levels");
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		check_add(&g, test_hostile, (void *)(uintptr_t)hostile[i],
		    "hostile %zu", i);
	check_add(&g, test_long, NULL, "long");
	check_add(&g, test_full, NULL, "nobody reads");
	return check_run("log", &g);
}
