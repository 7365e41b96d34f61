/* logger.c - formats log lines and writes them to standard error. */
#include "server/logger.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/os/output.h"
#include "shared/wire/text.h"

/* A line is at most PIPE_BUF long, so that it is never interleaved with another
 * process's line. The text filter can expand one byte to three, and JSON can
 * expand one more to two. */
enum { LINE_MAX_BYTES = 4096, RAW_MAX = 1024, TEXT_MAX = 3 * RAW_MAX };

static const char *const level_words[] = {"error", "warn", "info", "debug"};

void logger_stamp(char *out, size_t size)
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

/* Formats one line from a sentence that is filtered already. */
static size_t format(const struct logger *l, char line[LINE_MAX_BYTES],
    enum logger_level level, const char *what, const char *text)
{
	char when[32];

	logger_stamp(when, sizeof(when));
	return (l->json ? format_json : format_text)(
	    line, LINE_MAX_BYTES, when, level_words[level], what, text);
}

/* --- the queue ------------------------------------------------------------ */

struct logger_queue {
	pthread_mutex_t lock; /* of what follows */
	struct output *out;
	unsigned long lost; /* lines, since the last one that said so */
};

int logger_open(struct logger *l)
{
	struct logger_queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return ERR_NOMEM;
	q->out = output_new(STDERR_FILENO, LOGGER_QUEUE_MAX);
	if (q->out == NULL ||
	    buf_reserve(output_buf(q->out), LOGGER_QUEUE_MAX) != 0 ||
	    pthread_mutex_init(&q->lock, NULL) != 0) {
		output_free(q->out);
		free(q);
		return ERR_NOMEM;
	}
	l->queue = q;
	return 0;
}

static unsigned long count_lines(const struct buf *b)
{
	unsigned long n = 0;
	size_t i;

	for (i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n;
}

/* A full disk drops what waits: count it. */
static void put_out(struct logger_queue *q)
{
	unsigned long n = count_lines(output_buf(q->out));

	if (output_write(q->out) != 0)
		q->lost += n;
}

/* Says how many lines were lost, once the queue is empty. */
static void tell_lost(const struct logger *l)
{
	struct logger_queue *q = l->queue;
	char text[96], line[LINE_MAX_BYTES];
	size_t n;

	if (q->lost == 0 || output_pending(q->out) > 0)
		return;
	snprintf(text, sizeof(text),
	    "%lu lines of this log were lost: nobody read them in time",
	    q->lost);
	n = format(l, line, LOGGER_WARN, "log", text);
	q->lost = 0;
	if (buf_put(output_buf(q->out), line, n) != 0)
		return;
	put_out(q);
}

void logger_flush(const struct logger *l)
{
	struct logger_queue *q = l->queue;

	if (q == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	put_out(q);
	tell_lost(l);
	pthread_mutex_unlock(&q->lock);
}

int logger_fd(const struct logger *l)
{
	return l->queue != NULL ? output_fd(l->queue->out) : STDERR_FILENO;
}

void logger_close(struct logger *l)
{
	struct logger_queue *q = l->queue;

	if (q == NULL)
		return;
	(void)!output_drain(q->out, LOGGER_CLOSE_MS / 2);
	tell_lost(l);
	(void)!output_finish(q->out, LOGGER_CLOSE_MS / 2);
	l->queue = NULL;
	output_free(q->out);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* Once a line is lost, later ones are lost too until the queue is empty and the
 * count is written: the gap is then in one place. */
static void put_line(const struct logger *l, const char *line, size_t n)
{
	struct logger_queue *q = l->queue;

	pthread_mutex_lock(&q->lock);
	put_out(q);
	tell_lost(l);
	if (q->lost > 0 || buf_put(output_buf(q->out), line, n) != 0)
		q->lost++;
	else
		put_out(q);
	pthread_mutex_unlock(&q->lock);
}

void logger_write(const struct logger *l, enum logger_level level,
    const char *what, const char *fmt, ...)
{
	char raw[RAW_MAX], text[TEXT_MAX], line[LINE_MAX_BYTES];
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
	n = format(l, line, level, what, text);
	if (n > 0 && l->queue != NULL)
		put_line(l, line, n);
	else if (n > 0)
		(void)!output_once(STDERR_FILENO, line, n, 0);
	errno = saved;
}
