/* A VFS of SQLite's that fails as a full or broken disk does. */
#include "tests/unit/faulty_vfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DISK_PAGE = 4096 };

static struct faulty *shared;
static sqlite3_vfs *real, mine;

/* SQLite gives each file this much memory: the real one's is behind ours. */
struct file {
	sqlite3_file base;
};
static sqlite3_file *real_of(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((struct file *)(void *)f + 1);
}

static bool fails(enum faulty_call call)
{
	int left = atomic_load(&shared->fail_at[call]);

	if (left == 0 || atomic_fetch_sub(&shared->fail_at[call], 1) != 1)
		return false;
	atomic_fetch_add(&shared->failed, 1);
	return true;
}

/* --- what is not synced --------------------------------------------------- */

/* What a write or a truncation changed: the bytes that were there. */
struct undo {
	struct undo *next;	/* the one before */
	sqlite3_file *f;	/* the real one */
	sqlite3_int64 at, size; /* size: of the whole file, before */
	int n;
	char old[];
};
static struct undo *undo;

static void remember_page(
    sqlite3_file *f, int n, sqlite3_int64 at, sqlite3_int64 size)
{
	struct undo *u = calloc(1, sizeof(*u) + (size_t)n);

	if (u == NULL)
		abort();
	*u = (struct undo){
	    .next = undo, .f = f, .at = at, .n = n, .size = size};
	(void)f->pMethods->xRead(f, u->old, n, at); /* zeros past the end */
	undo = u;
}

/* Each page of the disk by itself: one write can reach it in part. */
static void remember(sqlite3_file *f, int n, sqlite3_int64 at)
{
	sqlite3_int64 size = 0;
	int some;

	f->pMethods->xFileSize(f, &size);
	for (; n > 0; n -= some, at += some) {
		some = DISK_PAGE - (int)(at % DISK_PAGE);
		some = some < n ? some : n;
		remember_page(f, some, at, size);
	}
}

static void forget(const sqlite3_file *f)
{
	struct undo **at = &undo, *u;

	while ((u = *at) != NULL) {
		if (u->f == f) {
			*at = u->next;
			free(u);
		} else {
			at = &u->next;
		}
	}
}

/* The newest first. */
static void cut(void)
{
	int how = atomic_load(&shared->cut_how), i = 0;
	struct undo *u;

	atomic_fetch_add(&shared->cuts, 1);
	for (u = undo; u != NULL; u = u->next, i++) {
		if ((how & 1) != 0 && (how >> (1 + i % 8) & 1) != 0)
			continue; /* this one reached the disk */
		u->f->pMethods->xWrite(u->f, u->old, u->n, u->at);
		if ((how & 1) == 0)
			u->f->pMethods->xTruncate(u->f, u->size);
	}
	_exit(1);
}

static void maybe_cut(void)
{
	int left = atomic_load(&shared->cut_at);

	if (left != 0 && atomic_fetch_sub(&shared->cut_at, 1) == 1)
		cut();
}

/* --- a file --------------------------------------------------------------- */

static int f_close(sqlite3_file *f)
{
	forget(real_of(f));
	return real_of(f)->pMethods->xClose(real_of(f));
}
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	atomic_fetch_add(&shared->writes, 1);
	if (atomic_load(&shared->full) != 0) {
		atomic_fetch_add(&shared->failed, 1);
		return SQLITE_FULL;
	}
	maybe_cut();
	remember(real_of(f), n, at);
	return fails(FAULTY_WRITE)
		   ? SQLITE_IOERR_WRITE
		   : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}
/* What a truncation takes away. */
static void cut_off(sqlite3_file *f, sqlite3_int64 to)
{
	sqlite3_int64 size = 0;

	f->pMethods->xFileSize(f, &size);
	if (size > to)
		remember(f, (int)(size - to), to);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	maybe_cut();
	cut_off(real_of(f), n);
	return fails(FAULTY_TRUNCATE)
		   ? SQLITE_IOERR_TRUNCATE
		   : real_of(f)->pMethods->xTruncate(real_of(f), n);
}
static int f_sync(sqlite3_file *f, int flags)
{
	maybe_cut();
	if (fails(FAULTY_SYNC))
		return SQLITE_IOERR_FSYNC;
	forget(real_of(f));
	return real_of(f)->pMethods->xSync(real_of(f), flags);
}
static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), n);
}
static int f_lock(sqlite3_file *f, int how)
{
	return real_of(f)->pMethods->xLock(real_of(f), how);
}
static int f_unlock(sqlite3_file *f, int how)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), how);
}
static int f_reserved(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}
static int f_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}
static int f_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}
static int f_device(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

/* Version 1: a WAL without shared memory needs no more. */
static const sqlite3_io_methods methods = {.iVersion = 1,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device};

static int v_open(
    sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	int r = real->xOpen(real, name, real_of(f), flags, out);

	(void)v;
	f->pMethods = real_of(f)->pMethods != NULL ? &methods : NULL;
	return r;
}

struct faulty *faulty_vfs(void)
{
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || (real = sqlite3_vfs_find(NULL)) == NULL)
		return NULL;
	shared = p;
	mine = *real;
	mine.zName = "faulty";
	mine.szOsFile = real->szOsFile + (int)sizeof(struct file);
	mine.xOpen = v_open;
	return sqlite3_vfs_register(&mine, 1) == SQLITE_OK ? shared : NULL;
}
