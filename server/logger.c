/* logger.c - formats log lines and writes them to standard error. */
#include "server/logger.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/wire/text.h"

/* A line is at most PIPE_BUF long, so that it is never interleaved with another
 * process's line and never blocks on a pipe that poll reports writable. The
 * text filter can expand one byte to three, and JSON can expand one more to
 * two. */
enum { LINE_MAX_BYTES = 4096, RAW_MAX = 1024, TEXT_MAX = 3 * RAW_MAX };

static const char *const level_words[] = {"error", "warn", "info", "debug"};

static void stamp(char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, size, "-");
}

/* Filtered text has no control characters, so JSON needs a backslash only
 * before a quote and a backslash. Stops while there is still room to close the
 * object. */
static size_t escape(char *out, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s != '\0' && n + 2 < size; s++) {
		if (*s == '"' || *s == '\\')
			out[n++] = '\\';
		out[n++] = *s;
	}
	/* Do not cut a UTF-8 character in half. */
	while (*s != '\0' && n > 0 && ((unsigned char)*s & 0xc0) == 0x80) {
		n--;
		s--;
	}
	out[n] = '\0';
	return n;
}

static size_t format_json(char *line, size_t size, const char *when,
    const char *level, const char *what, const char *text)
{
	char quoted[LINE_MAX_BYTES - 256];
	int n;

	escape(quoted, sizeof(quoted), text);
	n = snprintf(line, size,
	    "{\"time\":\"%s\",\"level\":\"%s\",\"what\":\"%.64s\","
	    "\"text\":\"%s\"}\n",
	    when, level, what, quoted);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static size_t format_text(char *line, size_t size, const char *when,
    const char *level, const char *what, const char *text)
{
	int n =
	    snprintf(line, size, "%s %s %.64s: %s\n", when, level, what, text);

	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

void logger_write(const struct logger *l, enum logger_level level, const char *what,
    const char *fmt, ...)
{
	char raw[RAW_MAX], text[TEXT_MAX], line[LINE_MAX_BYTES], when[32];
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	int saved = errno;
	va_list ap;
	size_t n;

	if (level > l->level)
		return;
	errno = saved; /* for %m */
	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	va_end(ap);
	text_filter_fixed(text, sizeof(text), raw, strlen(raw));
	stamp(when, sizeof(when));
	n = (l->json ? format_json : format_text)(
	    line, sizeof(line), when, level_words[level], what, text);
	/* If the pipe is full because nobody reads it, drop this line so that
	 * the room does not block. */
	if (n > 0 && poll(&out, 1, 0) == 1)
		(void)!write(out.fd, line, n);
	errno = saved;
}
