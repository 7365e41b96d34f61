/* audit.c - the audit log: a queue, a thread that writes it to two files, and
 * the newest rows in memory. */
#include "server/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/file.h"
#include "shared/proto/hashline.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

#define AUDIT_LOG "audit.log"
#define AUDIT_OLD "audit.log.1"

enum {
	WORD_MAX = 128,	 /* bytes of a name in a row, filtered */
	TEXT_MAX = 384,	 /* bytes of its text */
	RETRY_S = 1,	 /* after a failed write */
	SAY_MS = 60000,	 /* between two complaints in the log */
	COPY = 16 << 10, /* bytes copied at once */
};

struct audit {
	struct audit_opts o;
	int fd, old_fd;	    /* owned by the thread once it runs; -1: no files */
	off_t size;	    /* of fd's file; the thread's */
	uint64_t said_ms;   /* the thread's */
	struct buf writing; /* the thread's: rows that the file has not yet */
	uint8_t in_file[WIRE_HASH]; /* the thread's: of the last row there */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	bool stop;
	struct crypto *crypto;	 /* owned */
	uint8_t hash[WIRE_HASH]; /* of the newest row that was queued */
	struct buf queue;	 /* rows for the thread */
	uint64_t lost;		/* rows that the queue did not take */
	char *kept[AUDIT_KEPT]; /* owned; the row n is at n % AUDIT_KEPT */
	uint64_t next;		/* number of the next row; the first is 1 */
};

/* --- rows ----------------------------------------------------------------- */

static void put_word(
    struct json_w *w, const char *key, const char *s, size_t size)
{
	char text[TEXT_MAX];

	if (s == NULL)
		return;
	text_filter_fixed(text, size, s, strlen(s));
	json_put_str(w, key, text);
}

static void put_time(struct json_w *w)
{
	char when[32];

	logger_stamp(when, sizeof(when));
	json_put_str(w, "time", when);
}

static int encode(struct buf *out, const struct audit_row *row)
{
	struct json_w w;

	json_begin(&w, out);
	put_time(&w);
	put_word(&w, "act", row->act, WORD_MAX);
	put_word(&w, "by", row->by, WORD_MAX);
	put_word(&w, "room", row->room, WORD_MAX);
	put_word(&w, "who", row->who, WORD_MAX);
	if (row->seconds > 0)
		json_put_u63(&w, "seconds", row->seconds);
	put_word(&w, "text", row->text, TEXT_MAX);
	return json_end(&w);
}

static int encode_lost(struct buf *out, uint64_t n)
{
	struct json_w w;

	json_begin(&w, out);
	put_time(&w);
	json_put_str(&w, "act", "lost");
	json_put_u63(&w, "rows", n);
	return json_end(&w);
}

static void say(const struct audit *a, const struct audit_row *row)
{
	logger_info(a->o.log, "audit", "%s%s%s%s%s%s%s%s%s", row->act,
	    row->who != NULL ? " " : "", row->who != NULL ? row->who : "",
	    row->room != NULL ? " in " : "", row->room != NULL ? row->room : "",
	    row->by != NULL ? ", by " : "", row->by != NULL ? row->by : "",
	    row->text != NULL ? ": " : "", row->text != NULL ? row->text : "");
}

/* The line in `line`, without its end, becomes the next of the chain and goes to
 * the thread, where there are files. Locked. ERR_LIMIT: the queue is full. */
static int chain(struct audit *a, struct buf *line)
{
	uint8_t hash[WIRE_HASH];
	int r;

	memcpy(hash, a->hash, sizeof(hash));
	if ((r = hashline_end(a->crypto, line, 0, hash)) != 0)
		return r;
	if (a->fd >= 0 && (r = buf_put(&a->queue, line->p, line->len)) != 0)
		return r;
	memcpy(a->hash, hash, sizeof(hash));
	return 0;
}

/* Takes the number even without memory for its text: there is then a gap. */
static void keep(struct audit *a, const void *line, size_t n)
{
	char **slot = &a->kept[a->next++ % AUDIT_KEPT];

	free(*slot);
	if ((*slot = malloc(n + 1)) == NULL)
		return;
	memcpy(*slot, line, n);
	(*slot)[n] = '\0';
}

void audit_write(struct audit *a, const struct audit_row *row)
{
	struct buf line;

	if (a == NULL)
		return;
	say(a, row);
	buf_init(&line, 4 * AUDIT_ROW_MAX);
	pthread_mutex_lock(&a->lock);
	/* None goes past a row `lost`. */
	if (encode(&line, row) != 0 || a->lost > 0 || chain(a, &line) != 0)
		a->lost++;
	if (line.len > 0 &&
	    (line.p[line.len - 1] == '\n' || buf_u8(&line, '\n') == 0))
		keep(a, line.p, line.len);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	buf_free(&line);
}

uint64_t audit_next(struct audit *a)
{
	uint64_t n;

	pthread_mutex_lock(&a->lock);
	n = a->next;
	pthread_mutex_unlock(&a->lock);
	return n;
}

int audit_read(struct audit *a, uint64_t *n, struct buf *out)
{
	const char *row = NULL;
	int r = ERR_AGAIN;

	pthread_mutex_lock(&a->lock);
	if (*n == 0)
		*n = 1;
	if (a->next > AUDIT_KEPT && *n < a->next - AUDIT_KEPT)
		*n = a->next - AUDIT_KEPT;
	while (*n < a->next && (row = a->kept[*n % AUDIT_KEPT]) == NULL)
		++*n;
	if (row != NULL && (r = buf_str(out, row)) == 0)
		++*n;
	pthread_mutex_unlock(&a->lock);
	return r;
}

/* --- the files ------------------------------------------------------------ */

static int write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w) {
		w = write(fd, p, n);
		if (w < 0 && errno != EINTR)
			return ERR_IO;
		if (w < 0)
			w = 0;
	}
	return 0;
}

/* Copies the file over the old one, and empties it only then: a crash in
 * between leaves rows twice, never none. */
static int rotate(struct audit *a)
{
	uint8_t block[COPY];
	off_t at = 0;
	ssize_t n;

	if (ftruncate(a->old_fd, 0) != 0)
		return ERR_IO;
	while ((n = pread(a->fd, block, sizeof(block), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write_all(a->old_fd, block, (size_t)n) != 0)
			return ERR_IO;
		at += n;
	}
	if (fdatasync(a->old_fd) != 0 || ftruncate(a->fd, 0) != 0)
		return ERR_IO;
	a->size = 0;
	return 0;
}

static void complain(struct audit *a, int error)
{
	uint64_t now_ms = clock_monotonic_ms();

	if (a->said_ms != 0 && now_ms - a->said_ms < SAY_MS)
		return;
	a->said_ms = now_ms;
	logger_error(a->o.log, "audit",
	    "cannot write %s/" AUDIT_LOG ": %s: its rows wait in memory",
	    a->o.dir, file_error(error));
}

/* The line with which a file goes on with the chain. */
static int write_previous(struct audit *a)
{
	static const uint8_t none[WIRE_HASH];
	char b64[WIRE_HASH / 3 * 4 + 5], line[sizeof(AUDIT_CHAIN) + 70];
	int n;

	if (a->size > 0 || memcmp(a->in_file, none, WIRE_HASH) == 0)
		return 0;
	b64_encode(b64, a->in_file, WIRE_HASH);
	n = snprintf(line, sizeof(line),
	    AUDIT_CHAIN "\"previous\":\"%s\"}\n", b64);
	if (write_all(a->fd, (const uint8_t *)line, (size_t)n) != 0)
		return ERR_IO;
	a->size = n;
	return 0;
}

/* The hash of the last line of a text that has one. */
static void last_hash(uint8_t hash[WIRE_HASH], const char *s, size_t left)
{
	const char *end;
	size_t n;

	for (; (end = memchr(s, '\n', left)) != NULL; s += n, left -= n) {
		n = (size_t)(end - s) + 1;
		(void)!hashline_hash(hash, s, n - 1);
	}
}

/* ERR_IO: `writing` is as it was. */
static int write_out(struct audit *a)
{
	const struct buf *b = &a->writing;
	size_t max = a->o.file_max;
	int error;

	if (a->size > 0 &&
	    (size_t)a->size > max - (b->len < max ? b->len : max) &&
	    rotate(a) != 0)
		complain(a, errno); /* it grows on, for now */
	if (write_previous(a) == 0 && write_all(a->fd, b->p, b->len) == 0) {
		a->size += (off_t)b->len;
		last_hash(a->in_file, (const char *)b->p, b->len);
		(void)fdatasync(a->fd);
		buf_clear(&a->writing);
		return 0;
	}
	error = errno;
	/* A part of a row must not stay before the rest comes again. */
	if (ftruncate(a->fd, a->size) != 0)
		error = errno;
	complain(a, error);
	return ERR_IO;
}

/* Moves the queue to `writing`, which is empty. */
static void take_queue(struct audit *a)
{
	struct buf b = a->writing;

	a->writing = a->queue;
	a->queue = b;
	if (a->lost > 0 && encode_lost(&a->queue, a->lost) == 0 &&
	    hashline_end(a->crypto, &a->queue, 0, a->hash) == 0)
		a->lost = 0;
}

/* After a failed write: until there is no more haste, or the end. */
static void wait_a_while(struct audit *a)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += RETRY_S;
	while (!a->stop &&
	       pthread_cond_timedwait(&a->more, &a->lock, &at) != ETIMEDOUT)
		;
}

/* Returns after a write that began when the end was known already. */
static void *audit_thread(void *arg)
{
	struct audit *a = arg;
	bool stop = false;
	int r;

	pthread_mutex_lock(&a->lock);
	while (!stop || a->writing.len > 0 || a->queue.len > 0) {
		if (a->writing.len == 0 && a->queue.len > 0)
			take_queue(a);
		stop = a->stop;
		if (a->writing.len == 0) {
			if (!stop)
				pthread_cond_wait(&a->more, &a->lock);
			continue;
		}
		pthread_mutex_unlock(&a->lock);
		r = write_out(a);
		pthread_mutex_lock(&a->lock);
		if (r != 0 && stop)
			break;
		if (r != 0)
			wait_a_while(a);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* --- beginning and end ---------------------------------------------------- */

static int open_failed(const struct audit *a, const char *name)
{
	struct errmsg why;

	errmsg_errno(&why, ERR_IO, errno, "cannot open %s/%s", a->o.dir, name);
	logger_error(a->o.log, "audit", "%s", why.text);
	return ERR_IO;
}

/* ERR_AGAIN: the directory is read-only. */
static int open_file(const struct audit *a, const char *name, int *out)
{
	struct stat st;
	char *path;

	if (asprintf(&path, "%s/%s", a->o.dir, name) < 0)
		return ERR_NOMEM;
	*out = open(path,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);
	free(path);
	if (*out < 0 && (errno == EROFS || errno == EACCES))
		return ERR_AGAIN;
	if (*out < 0 || fstat(*out, &st) != 0)
		return open_failed(a, name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    (st.st_mode & 077) != 0) {
		logger_error(a->o.log, "audit",
		    "%s/%s is not a regular file with mode 600 and one name: "
		    "look at it, and move it away or mend it (chmod 600)",
		    a->o.dir, name);
		return ERR_USAGE;
	}
	return 0;
}

/* Keeps the rows of a text, the oldest first. What is no whole line with an
 * object is left out, and so is what names a hash. */
static void load_rows(struct audit *a, const char *s, size_t left)
{
	const char *end;
	size_t n;

	for (; (end = memchr(s, '\n', left)) != NULL; s += n, left -= n) {
		n = (size_t)(end - s) + 1;
		if (s[0] == '{' && end[-1] == '}' && n <= AUDIT_ROW_MAX &&
		    strncmp(s, AUDIT_CHAIN, sizeof(AUDIT_CHAIN) - 1) != 0 &&
		    memchr(s, '\0', n) == NULL && text_utf8(s, n))
			keep(a, s, n);
	}
}

static int load(struct audit *a, int fd, off_t size)
{
	off_t from = size > AUDIT_FILE_MAX ? size - AUDIT_FILE_MAX : 0;
	char *text = malloc((size_t)(size - from) + 1);
	ssize_t n = -1;

	if (text != NULL)
		n = pread(fd, text, (size_t)(size - from), from);
	if (n > 0) {
		load_rows(a, text, (size_t)n);
		last_hash(a->in_file, text, (size_t)n);
	}
	free(text);
	/* Without it the chain would break. */
	return text == NULL ? ERR_NOMEM
	       : n < 0	    ? open_failed(a, AUDIT_LOG)
			    : 0;
}

static int open_files(struct audit *a)
{
	struct stat st, old;
	char last = '\n';
	int r;

	if ((r = open_file(a, AUDIT_LOG, &a->fd)) != 0 ||
	    (r = open_file(a, AUDIT_OLD, &a->old_fd)) != 0)
		return r;
	if (fstat(a->fd, &st) != 0 || fstat(a->old_fd, &old) != 0)
		return open_failed(a, AUDIT_LOG);
	/* Rows need no memory later. */
	if (buf_reserve(&a->queue, AUDIT_QUEUE_MAX) != 0 ||
	    buf_reserve(&a->writing, AUDIT_QUEUE_MAX) != 0)
		return ERR_NOMEM;
	a->size = st.st_size;
	if ((r = load(a, a->old_fd, old.st_size)) != 0 ||
	    (r = load(a, a->fd, st.st_size)) != 0)
		return r;
	memcpy(a->hash, a->in_file, WIRE_HASH);
	/* A crash has cut the last row short: ours begins a new line. */
	if (a->size > 0 && pread(a->fd, &last, 1, a->size - 1) == 1 &&
	    last != '\n')
		return buf_u8(&a->queue, '\n');
	return 0;
}

static void close_files(struct audit *a)
{
	if (a->fd >= 0)
		close(a->fd);
	if (a->old_fd >= 0)
		close(a->old_fd);
	a->fd = a->old_fd = -1;
}

int audit_open(struct audit **out, const struct audit_opts *o)
{
	struct audit *a = calloc(1, sizeof(*a));
	pthread_condattr_t monotonic;
	int r;

	*out = NULL;
	if (a == NULL)
		return ERR_NOMEM;
	a->o = *o;
	if (a->o.file_max == 0)
		a->o.file_max = AUDIT_FILE_MAX;
	a->fd = a->old_fd = -1;
	a->next = 1;
	buf_init(&a->queue, AUDIT_QUEUE_MAX);
	buf_init(&a->writing, AUDIT_QUEUE_MAX);
	a->crypto = crypto_new();
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->more, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = a->crypto == NULL	? ERR_NOMEM
	    : o->dir != NULL ? open_files(a)
			     : 0;
	if (r == ERR_AGAIN) {
		logger_warn(o->log, "audit",
		    "cannot write %s/" AUDIT_LOG " (%s): the audit log stays "
		    "in memory, the last %d rows of it",
		    o->dir, strerror(errno), AUDIT_KEPT);
		close_files(a);
		r = 0;
	}
	if (r != 0) {
		audit_close(a);
		return r;
	}
	*out = a;
	return 0;
}

int audit_start(struct audit *a)
{
	int error;

	if (a->fd < 0)
		return 0;
	error = pthread_create(&a->thread, NULL, audit_thread, a);
	a->started = error == 0;
	if (error == 0)
		return 0;
	logger_error(a->o.log, "audit",
	    "cannot start the thread that writes the audit log: %s; raise the "
	    "limit on processes (ulimit -u, TasksMax=)",
	    strerror(error));
	return ERR_LIMIT;
}

void audit_close(struct audit *a)
{
	size_t i;

	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	if (a->started)
		pthread_join(a->thread, NULL);
	else if (a->fd >= 0)
		(void)audit_thread(a); /* it stops at once */
	close_files(a);
	for (i = 0; i < AUDIT_KEPT; i++)
		free(a->kept[i]);
	buf_free(&a->queue);
	buf_free(&a->writing);
	crypto_free(a->crypto);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
