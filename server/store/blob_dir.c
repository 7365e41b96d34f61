/* blob_dir.c - blobs as files of a folder. */
#include "server/store/blob_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/proto/blob.h"
#include "shared/wire/text.h"

enum {
	NAME = 2 * WIRE_BLOB, /* hex digits */
	FILE_NAME = NAME + sizeof(".part"),
	/* So many bytes are handed to the disk at a time, and so many are on their
	 * way: the database's fsyncs, on which chat waits, wait behind them, and
	 * at the end nearly all of a file is there. */
	WRITE_BACK = 1 << 20,
	WRITE_BACK_MAX = 4 << 20,
};
static const char format[16] = "conclave file 1";

struct blob_dir {
	int fd;
	struct blob_limits limits;
	struct blob_entry **entry; /* ascending by blob; owned */
	size_t n, cap;
	uint64_t held; /* what they count for */
	struct blob_entry
	    *open[BLOB_DIR_OPEN]; /* borrowed; the next is replaced */
	size_t next_open;
};

/* --- names ------------------------------------------------------------------ */

static void name_of(char out[FILE_NAME], const struct blob_entry *e)
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < WIRE_BLOB; i++) {
		out[2 * i] = digit[e->blob[i] >> 4];
		out[2 * i + 1] = digit[e->blob[i] & 15];
	}
	memcpy(out + NAME, ".part", sizeof(".part"));
	if (e->ended)
		out[NAME] = '\0';
}

/* What it counts for: small files cost an entry and a file each. */
static uint64_t cost_of(const struct blob_entry *e)
{
	return e->size > BLOB_DIR_COST ? e->size : BLOB_DIR_COST;
}

/* --- the list --------------------------------------------------------------- */

/* The first place whose blob is not less. */
static size_t place_of(const struct blob_dir *d, const uint8_t *blob)
{
	size_t low = 0, high = d->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(d->entry[mid]->blob, blob, WIRE_BLOB) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct blob_entry *blob_dir_find(
    struct blob_dir *d, const uint8_t blob[WIRE_BLOB])
{
	size_t i = place_of(d, blob);

	return i < d->n && memcmp(d->entry[i]->blob, blob, WIRE_BLOB) == 0
		   ? d->entry[i]
		   : NULL;
}

struct blob_entry *blob_dir_next(struct blob_dir *d, const uint8_t *blob)
{
	size_t i = blob == NULL ? 0 : place_of(d, blob);

	if (blob != NULL && i < d->n &&
	    memcmp(d->entry[i]->blob, blob, WIRE_BLOB) == 0)
		i++;
	return i < d->n ? d->entry[i] : NULL;
}

static struct blob_entry *add(struct blob_dir *d, const struct blob_entry *e)
{
	struct blob_entry *copy = malloc(sizeof(*copy));
	size_t i = place_of(d, e->blob);

	if (copy == NULL || vec_reserve(&d->entry, &d->cap, d->n + 1,
				sizeof(struct blob_entry *)) != 0) {
		free(copy);
		return NULL;
	}
	*copy = *e;
	memmove(
	    &d->entry[i + 1], &d->entry[i], (d->n - i) * sizeof(d->entry[0]));
	d->entry[i] = copy;
	d->n++;
	d->held += cost_of(copy);
	return copy;
}

static void close_file(struct blob_dir *d, struct blob_entry *e)
{
	size_t i;

	if (e->fd < 0)
		return;
	close(e->fd);
	e->fd = -1;
	for (i = 0; i < BLOB_DIR_OPEN; i++)
		if (d->open[i] == e)
			d->open[i] = NULL;
}

/* In place of the one that was opened longest ago. */
static void keep_open(struct blob_dir *d, struct blob_entry *e, int fd)
{
	if (d->open[d->next_open] != NULL)
		close_file(d, d->open[d->next_open]);
	d->open[d->next_open] = e;
	d->next_open = (d->next_open + 1) % BLOB_DIR_OPEN;
	e->fd = fd;
}

static int open_file(struct blob_dir *d, struct blob_entry *e)
{
	char name[FILE_NAME];
	int fd;

	if (e->fd >= 0)
		return 0;
	name_of(name, e);
	fd = openat(d->fd, name,
	    (e->ended ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	keep_open(d, e, fd);
	return 0;
}

static void drop(struct blob_dir *d, struct blob_entry *e)
{
	size_t i = place_of(d, e->blob);

	close_file(d, e);
	d->held -= cost_of(e);
	memmove(&d->entry[i], &d->entry[i + 1],
	    (d->n - i - 1) * sizeof(d->entry[0]));
	d->n--;
	free(e);
}

/* --- bytes ------------------------------------------------------------------ */

static uint64_t offset_of(uint32_t index)
{
	return BLOB_DIR_HEAD + (uint64_t)index * WIRE_PIECE_SEALED;
}

/* Of the whole file of a blob of this size. */
static uint64_t length_of(uint64_t size)
{
	return BLOB_DIR_HEAD + size +
	       (uint64_t)blob_pieces(size) * BLOB_SEALED(0);
}

static enum blob_code failure(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
		   ? BLOB_FULL
		   : BLOB_FAILED;
}

/* --- heads ------------------------------------------------------------------ */

enum { AT_BLOB = 16, AT_OWNER = 32, AT_SIZE = 64, AT_MADE = 72, AT_NAME = 80 };

static void head_of(uint8_t out[BLOB_DIR_HEAD], const struct blob_entry *e)
{
	memset(out, 0, BLOB_DIR_HEAD);
	memcpy(out, format, sizeof(format));
	memcpy(out + AT_BLOB, e->blob, WIRE_BLOB);
	memcpy(out + AT_OWNER, e->owner, BLOB_OWNER);
	put_u64(out + AT_SIZE, e->size);
	put_u64(out + AT_MADE, e->made_ms);
	memcpy(out + AT_NAME, e->name, sizeof(e->name));
}

/* False: it is no file of ours, or not the one of its name. */
static bool head_ok(
    struct blob_entry *e, const uint8_t head[BLOB_DIR_HEAD], const char *file)
{
	char name[FILE_NAME];

	if (memcmp(head, format, sizeof(format)) != 0)
		return false;
	memcpy(e->blob, head + AT_BLOB, WIRE_BLOB);
	memcpy(e->owner, head + AT_OWNER, BLOB_OWNER);
	e->size = get_u64(head + AT_SIZE);
	e->made_ms = get_u64(head + AT_MADE);
	memcpy(e->name, head + AT_NAME, sizeof(e->name));
	name_of(name, e);
	return strcmp(name, file) == 0 && blob_size_ok(e->size) &&
	       memchr(e->name, '\0', sizeof(e->name)) != NULL;
}

/* How many pieces a file of that length has. */
static uint32_t pieces_in(const struct blob_entry *e, uint64_t length)
{
	if (length >= length_of(e->size))
		return blob_pieces(e->size);
	return length < BLOB_DIR_HEAD
		   ? 0
		   : (uint32_t)((length - BLOB_DIR_HEAD) / WIRE_PIECE_SEALED);
}

/* Adds the file if it is a blob. ERR_NOMEM. */
static int look_at(struct blob_dir *d, const char *file)
{
	struct blob_entry e = {.fd = -1};
	uint8_t head[BLOB_DIR_HEAD];
	struct stat st;
	bool ok;
	int fd;

	e.ended = strlen(file) == NAME;
	if (!e.ended && strlen(file) != FILE_NAME - 1)
		return 0;
	fd =
	    openat(d->fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	     file_read_at(fd, head, sizeof(head), 0) == 0 &&
	     head_ok(&e, head, file);
	close(fd);
	if (!ok)
		return 0;
	e.pieces = pieces_in(&e, (uint64_t)st.st_size);
	e.put_ms = (uint64_t)st.st_mtime * 1000;
	if (e.ended && e.pieces < blob_pieces(e.size))
		return 0; /* somebody has cut it off */
	return add(d, &e) != NULL ? 0 : ERR_NOMEM;
}

/* --- the folder ------------------------------------------------------------- */

static int look(struct blob_dir *d)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *one;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	while (r == 0 && (one = readdir(dir)) != NULL)
		r = look_at(d, one->d_name);
	closedir(dir);
	return r;
}

int blob_dir_open(struct blob_dir **out, const char *path, struct errmsg *why)
{
	struct blob_dir *d = calloc(1, sizeof(*d));
	int r = ERR_NOMEM;

	*out = NULL;
	if (d == NULL)
		return errmsg_set(why, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0 || (r = look(d)) != 0) {
		if (d->fd < 0 || r == ERR_IO)
			r = errmsg_set(why, ERR_IO,
			    "cannot read the folder %s: %s", path,
			    strerror(errno));
		else
			errmsg_set(why, r, "%s", err_str(r));
		blob_dir_close(d);
		return r;
	}
	*out = d;
	return 0;
}

void blob_dir_close(struct blob_dir *d)
{
	if (d == NULL)
		return;
	while (d->n > 0)
		drop(d, d->entry[d->n - 1]);
	free(d->entry);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

void blob_dir_limit(struct blob_dir *d, const struct blob_limits *l)
{
	d->limits = *l;
}

/* --- a new one -------------------------------------------------------------- */

static bool over(uint64_t limit, uint64_t used, uint64_t more)
{
	return limit != 0 && (more > limit || used > limit - more);
}

static bool over_limits(const struct blob_dir *d, const struct blob_entry *e)
{
	uint64_t mine = 0;
	size_t i;

	for (i = 0; i < d->n; i++)
		if (memcmp(d->entry[i]->owner, e->owner, BLOB_OWNER) == 0)
			mine += cost_of(d->entry[i]);
	return over(d->limits.file, 0, e->size) ||
	       over(d->limits.person, mine, cost_of(e)) ||
	       over(d->limits.all, d->held, cost_of(e));
}

/* Space for all of it, so that the disk does not become full in between. Not
 * every file system can promise that. */
static int reserve(int fd, const struct blob_entry *e)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)length_of(e->size)) ==
		0 ||
	    errno == EOPNOTSUPP || errno == ENOSYS)
		return 0;
	return ERR_IO;
}

enum blob_code blob_dir_new(struct blob_dir *d, const struct blob_entry *e)
{
	struct blob_entry it = *e, *mine;
	uint8_t head[BLOB_DIR_HEAD];
	enum blob_code code = BLOB_OK;
	char name[FILE_NAME];
	int fd;

	it.fd = -1;
	it.pieces = 0;
	it.ended = false;
	it.put_ms = it.made_ms;
	if (!blob_size_ok(it.size) || blob_dir_find(d, it.blob) != NULL)
		return BLOB_BAD;
	if (over_limits(d, &it))
		return BLOB_QUOTA;
	name_of(name, &it);
	fd = openat(d->fd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure();
	head_of(head, &it);
	if (reserve(fd, &it) != 0 || file_write_at(fd, head, sizeof(head), 0) != 0)
		code = failure();
	else if ((mine = add(d, &it)) == NULL)
		code = BLOB_FAILED;
	if (code == BLOB_OK) {
		keep_open(d, mine, fd);
		return BLOB_OK;
	}
	close(fd);
	(void)unlinkat(d->fd, name, 0);
	return code;
}

/* --- pieces ----------------------------------------------------------------- */

/* Behind the piece that ends there. */
static void write_back(int fd, off_t end)
{
	const off_t at = end - end % WRITE_BACK;

	if (end % WRITE_BACK >= WIRE_PIECE_SEALED || at == 0)
		return;
	(void)sync_file_range(
	    fd, at - WRITE_BACK, WRITE_BACK, SYNC_FILE_RANGE_WRITE);
	if (at > WRITE_BACK_MAX)
		(void)sync_file_range(fd, at - WRITE_BACK_MAX - WRITE_BACK,
		    WRITE_BACK,
		    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			SYNC_FILE_RANGE_WAIT_AFTER);
}

enum blob_code blob_dir_put(struct blob_dir *d, struct blob_entry *e,
    uint32_t index, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	const size_t piece = blob_piece(e->size, index);
	const uint64_t at = offset_of(index);

	if (e->ended || index != e->pieces || piece == 0 ||
	    n != BLOB_SEALED(piece))
		return BLOB_BAD;
	if (open_file(d, e) != 0)
		return BLOB_FAILED;
	if (file_write_at(e->fd, bytes, n, at) != 0)
		return failure();
	e->pieces++;
	e->put_ms = now_ms;
	write_back(e->fd, (off_t)(at + n));
	return BLOB_OK;
}

enum blob_code blob_dir_end(
    struct blob_dir *d, struct blob_entry *e, uint32_t pieces)
{
	char from[FILE_NAME], to[FILE_NAME];

	if (pieces != blob_pieces(e->size) || e->pieces != pieces)
		return BLOB_BAD;
	if (e->ended)
		return BLOB_OK;
	if (open_file(d, e) != 0 || fdatasync(e->fd) != 0)
		return BLOB_FAILED;
	name_of(from, e);
	e->ended = true;
	name_of(to, e);
	if (renameat(d->fd, from, d->fd, to) == 0 && fsync(d->fd) == 0) {
		e->sender = 0;
		return BLOB_OK;
	}
	/* It may have either name: the one that is there counts. */
	e->ended = faccessat(d->fd, to, F_OK, 0) == 0;
	return BLOB_FAILED;
}

enum blob_code blob_dir_get(struct blob_dir *d, struct blob_entry *e,
    uint32_t index, uint8_t out[WIRE_PIECE_SEALED], size_t *n)
{
	const size_t piece = blob_piece(e->size, index);

	*n = 0;
	if (!e->ended || piece == 0)
		return BLOB_BAD;
	if (open_file(d, e) != 0 ||
	    file_read_at(e->fd, out, BLOB_SEALED(piece), offset_of(index)) != 0)
		return BLOB_FAILED;
	*n = BLOB_SEALED(piece);
	return BLOB_OK;
}

enum blob_code blob_dir_remove(struct blob_dir *d, struct blob_entry *e)
{
	char name[FILE_NAME];

	name_of(name, e);
	if (unlinkat(d->fd, name, 0) != 0 && errno != ENOENT)
		return BLOB_FAILED;
	drop(d, e);
	return BLOB_OK;
}

enum blob_code blob_dir_erase(
    struct blob_dir *d, const uint8_t owner[BLOB_OWNER], uint32_t *n)
{
	enum blob_code code = BLOB_OK;
	size_t i = d->n;

	*n = 0;
	while (i-- > 0) {
		if (memcmp(d->entry[i]->owner, owner, BLOB_OWNER) != 0)
			continue;
		if (blob_dir_remove(d, d->entry[i]) == BLOB_OK)
			(*n)++;
		else
			code = BLOB_FAILED;
	}
	return code;
}

void blob_dir_count(const struct blob_dir *d, uint32_t *n, uint64_t *bytes)
{
	*n = (uint32_t)d->n;
	*bytes = d->held;
}

static bool too_old(
    const struct blob_dir *d, const struct blob_entry *e, uint64_t now_ms)
{
	const uint64_t keep = e->ended ? d->limits.keep_ms : BLOB_DIR_IDLE_MS;
	const uint64_t since = e->ended ? e->made_ms : e->put_ms;

	return keep != 0 && now_ms > since && now_ms - since > keep;
}

size_t blob_dir_sweep(struct blob_dir *d, uint64_t now_ms)
{
	size_t i = d->n, gone = 0;

	while (i-- > 0)
		if (too_old(d, d->entry[i], now_ms) &&
		    blob_dir_remove(d, d->entry[i]) == BLOB_OK)
			gone++;
	return gone;
}
