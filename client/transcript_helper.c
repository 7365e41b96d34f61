/* transcript_helper.c - opens files of transcripts, in a helper process. */
#include "client/transcript_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "shared/os/file.h"
#include "shared/proto/hashline.h"
#include "shared/proto/transcript.h"
#include "shared/wire/text.h"

enum {
	NUMBER_MAX = 9999,
	/* Holds the last whole line, and those around it. */
	TAIL = 2 * TRANSCRIPT_LINE_MAX,
};

struct request {
	bool folder_only, direct;
	enum transcript_open how;
	char room[WIRE_ROOM_MAX + 1]; /* or the person's name */
	uint8_t log[WIRE_LOG];
};
struct answer {
	int r;
	struct errmsg why;
	struct transcript_file file; /* without its fd */
};

/* --- the end of a file ---------------------------------------------------- */

static int read_tail(int fd, uint64_t size, char *tail, size_t *n)
{
	const uint64_t from = size > TAIL ? size - TAIL : 0;
	ssize_t got;

	for (*n = 0; *n < size - from; *n += (size_t)got) {
		got = pread(fd, tail + *n, (size_t)(size - from) - *n,
		    (off_t)(from + *n));
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return ERR_IO;
	}
	return 0;
}

/* The last lines: the hash of the very last, and the newest offset that one of
 * them names. False: there is no whole line. */
static bool last_lines(const char *tail, size_t n, struct transcript_file *out)
{
	struct transcript_line l;
	const char *line, *end = tail + n;
	struct buf body;
	bool has = false, named = false;

	buf_init_secret(&body, TRANSCRIPT_LINE_MAX);
	while (!named && end > tail) {
		end--; /* its line feed */
		line = memrchr(tail, '\n', (size_t)(end - tail));
		line = line == NULL ? tail : line + 1;
		if (!has &&
		    hashline_hash(out->hash, line, (size_t)(end - line)) != 0)
			break;
		has = true;
		if (transcript_get(&l, &body, line, (size_t)(end - line)) != 0)
			break;
		/* Direct messages have no offsets. */
		named = l.direct || l.type >= TRANSCRIPT_DEVICE ||
			l.type == TRANSCRIPT_HEAD ||
			l.type == TRANSCRIPT_FROM ||
			l.type == TRANSCRIPT_ENTRY || l.type == TRANSCRIPT_END;
		if (named)
			out->offset = l.at.offset;
		end = line;
	}
	buf_free(&body);
	return has;
}

/* Takes a cut line off. ERR_STATE: it does not end with a line of ours. *empty:
 * nothing is left. */
static int mend(int fd, struct transcript_file *out, bool *empty)
{
	char *tail = malloc(TAIL);
	const char *lf;
	size_t n;
	int r = ERR_NOMEM;

	if (tail == NULL || (r = read_tail(fd, out->size, tail, &n)) != 0) {
		free(tail);
		return r;
	}
	lf = memrchr(tail, '\n', n);
	if (lf == NULL && out->size > n) {
		r = ERR_STATE;
	} else {
		out->size -= n - (lf == NULL ? 0 : (size_t)(lf + 1 - tail));
		n = lf == NULL ? 0 : (size_t)(lf + 1 - tail);
		if (ftruncate(fd, (off_t)out->size) != 0)
			r = ERR_IO;
		else if (n > 0 && !last_lines(tail, n, out))
			r = ERR_STATE;
	}
	*empty = n == 0;
	free(tail);
	return r;
}

/* --- files ---------------------------------------------------------------- */

enum { NAME_BYTES = WIRE_ROOM_MAX + 32 };

static void file_name(
    char out[NAME_BYTES], const struct request *q, uint32_t number)
{
	int n = snprintf(out, NAME_BYTES, "%s%s-", q->direct ? "@" : "",
		q->room),
	    i;

	for (i = 0; i < 8; i++)
		n += snprintf(
		    out + n, (size_t)(NAME_BYTES - n), "%02x", q->log[i]);
	snprintf(
	    out + n, (size_t)(NAME_BYTES - n), "-%04u.jsonl", (unsigned)number);
}

static int open_one(int folder, const char *name, int flags)
{
	return openat(folder, name,
	    O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
}

/* The highest number that a file has; 0: there is none. */
static uint32_t newest(int folder, const struct request *q)
{
	char name[NAME_BYTES];
	uint32_t n;
	int fd;

	for (n = 0; n < NUMBER_MAX; n++) {
		file_name(name, q, n + 1);
		fd = open_one(folder, name, 0);
		if (fd < 0 && errno == ENOENT)
			break;
		if (fd >= 0)
			close(fd);
	}
	return n;
}

static int wrong(struct errmsg *why, int r, const char *name, const char *what)
{
	return errmsg_set(why, r, "%s cannot be continued: %s", name, what);
}

/* Checks that it is ours alone, and locks it. */
static int claim(
    int fd, const char *name, struct transcript_file *out, struct errmsg *why)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) != 0)
		return errmsg_errno(why, ERR_IO, errno, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return wrong(why, ERR_IO, name,
		    "it is not a file that only you can read and write (chmod "
		    "600)");
	r = file_lock(fd, false);
	if (r == ERR_STATE)
		return wrong(why, r, name,
		    "another conclave writes it; use another folder "
		    "(--transcript DIR)");
	if (r != 0 && r != ERR_AGAIN)
		return errmsg_errno(why, ERR_IO, errno, "cannot lock %s", name);
	/* It may have grown until it was ours. */
	if (fstat(fd, &st) != 0)
		return errmsg_errno(why, ERR_IO, errno, "%s", name);
	out->size = (uint64_t)st.st_size;
	return 0;
}

/* What the file ends with. */
static int continue_file(int fd, const char *name, struct transcript_file *out,
    bool *empty, struct errmsg *why)
{
	int r = mend(fd, out, empty);

	if (r == ERR_STATE)
		return wrong(why, ERR_USAGE, name,
		    "it does not end like a transcript; move it away");
	return r == 0 ? 0 : errmsg_errno(why, r, errno, "cannot read %s", name);
}

/* The hash at the end of the file before. */
static int before(int folder, const struct request *q,
    struct transcript_file *out, struct errmsg *why)
{
	struct transcript_file last = {0};
	char name[NAME_BYTES];
	bool empty = true;
	int fd, r;

	memset(out->hash, 0, WIRE_HASH);
	if (out->number == 1)
		return 0;
	file_name(name, q, out->number - 1);
	if ((fd = open_one(folder, name, 0)) < 0)
		return errmsg_errno(why, ERR_IO, errno, "cannot open %s", name);
	if ((r = claim(fd, name, &last, why)) == 0)
		r = continue_file(fd, name, &last, &empty, why);
	memcpy(out->hash, last.hash, WIRE_HASH);
	out->offset = last.offset;
	close(fd);
	return r;
}

static int open_in(int folder, const struct request *q,
    struct transcript_file *out, struct errmsg *why)
{
	uint32_t n = newest(folder, q);
	char name[NAME_BYTES];
	bool empty = true;
	int r;

	out->number = n == 0 || q->how == TRANSCRIPT_NEXT ? n + 1 : n;
	file_name(name, q, out->number);
	if (out->number > NUMBER_MAX)
		return wrong(why, ERR_USAGE, name, "there are too many files");
	out->fd =
	    open_one(folder, name, out->number > n ? O_CREAT | O_EXCL : 0);
	if (out->fd < 0)
		return errmsg_errno(why, ERR_IO, errno, "cannot open %s", name);
	if ((r = claim(out->fd, name, out, why)) == 0 && out->number == n)
		r = continue_file(out->fd, name, out, &empty, why);
	if (r == 0 && empty)
		r = before(folder, q, out, why);
	if (r != 0) {
		close(out->fd);
		out->fd = -1;
	}
	return r;
}

static int open_file(const char *folder, const struct request *q,
    struct transcript_file *out, struct errmsg *why)
{
	int dir, r;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if ((r = file_make_folder(folder, why)) != 0)
		return r;
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errmsg_errno(
		    why, ERR_IO, errno, "cannot open %s", folder);
	if (!q->folder_only)
		r = open_in(dir, q, out, why);
	close(dir);
	return r;
}

/* --- the helper ----------------------------------------------------------- */

static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct request q;
	struct answer a;

	memset(&a, 0, sizeof(a));
	a.file.fd = -1;
	a.r = ERR_USAGE;
	if (n == sizeof(q)) {
		memcpy(&q, request, sizeof(q));
		if (q.folder_only ||
		    text_room(q.room, strnlen(q.room, sizeof(q.room))))
			a.r = open_file(arg, &q, &a.file, &a.why);
	}
	(void)!helper_answer_fd(to, &a, sizeof(a), a.file.fd);
	if (a.file.fd >= 0)
		close(a.file.fd);
	close(fd);
}

static int enter_sandbox(void *folder)
{
	return client_sandbox_enter_transcript(folder);
}

struct helper *transcript_helper_new(
    const char *folder, bool sandboxed, struct buf *wipe)
{
	const struct helper_task task = {sandboxed ? enter_sandbox : NULL,
	    handle, (void *)(uintptr_t)folder, false};

	return helper_new(&task, wipe);
}

/* --- the main process's side ---------------------------------------------- */

static int ask(struct helper *h, const char *folder, const struct request *q,
    struct transcript_file *out, struct errmsg *why)
{
	struct answer a;
	int fd = -1, r;

	if (h == NULL)
		return open_file(folder, q, out, why);
	/* A request has a descriptor: this one says nothing. */
	r = helper_ask(h, q, sizeof(*q), STDERR_FILENO);
	if (r == 0)
		r = helper_wait_fd(h, &a, sizeof(a), &fd);
	if (r != 0)
		return errmsg_set(why, ERR_IO,
		    "the transcript cannot be written: the process that opens "
		    "its files is gone or does not answer; start conclave "
		    "again");
	a.why.text[sizeof(a.why.text) - 1] = '\0';
	*why = a.why;
	*out = a.file;
	out->fd = fd;
	if (a.r == 0 && !q->folder_only && fd < 0)
		return errmsg_set(
		    why, ERR_IO, "there are too many open files (ulimit -n)");
	return a.r;
}

int transcript_helper_folder(
    struct helper *h, const char *folder, struct errmsg *why)
{
	const struct request q = {.folder_only = true};
	struct transcript_file none;

	return ask(h, folder, &q, &none, why);
}

int transcript_helper_open(struct helper *h, const char *folder,
    const struct transcript_series *s, enum transcript_open how,
    struct transcript_file *out, struct errmsg *why)
{
	struct request q = {.how = how, .direct = s->direct};

	snprintf(q.room, sizeof(q.room), "%s", s->name);
	memcpy(q.log, s->log, WIRE_LOG);
	return ask(h, folder, &q, out, why);
}
