/* vfs_coalesce.c - a VFS of SQLite over its usual one (sqlite.org/vfs.html). */
#include "server/store/vfs_coalesce.h"

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

/* The file of the usual VFS follows it in memory. */
struct file {
	sqlite3_file base; /* first: SQLite's handle of it */
	uint8_t *held;	   /* VFS_COALESCE; NULL: a file that holds nothing */
	sqlite3_int64 at;  /* where the bytes in `held` belong */
	int n;
};

static sqlite3_vfs *usual;

static struct file *file_of(sqlite3_file *f)
{
	return (struct file *)(void *)f;
}

static sqlite3_file *real_of(struct file *f)
{
	return (sqlite3_file *)(void *)(f + 1);
}

/* Writes what is held. If that fails it is gone, as after a write that failed. */
static int hand_on(struct file *f)
{
	sqlite3_file *real = real_of(f);
	const int n = f->n;

	f->n = 0;
	if (n == 0)
		return SQLITE_OK;
	return real->pMethods->xWrite(real, f->held, n, f->at);
}

/* --- methods of a file ------------------------------------------------------ */

static int co_close(sqlite3_file *file)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = hand_on(f), closed = real->pMethods->xClose(real);

	sqlite3_free(f->held);
	f->held = NULL;
	return r != SQLITE_OK ? r : closed;
}

static int co_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = SQLITE_OK;

	if (at < f->at + f->n && f->at < at + n)
		r = hand_on(f);
	return r != SQLITE_OK ? r : real->pMethods->xRead(real, out, n, at);
}

static int co_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = SQLITE_OK;

	if (f->n > 0 && (at != f->at + f->n || n > VFS_COALESCE - f->n))
		r = hand_on(f);
	if (r != SQLITE_OK)
		return r;
	if (f->held == NULL || n > VFS_COALESCE)
		return real->pMethods->xWrite(real, p, n, at);
	if (f->n == 0)
		f->at = at;
	memcpy(f->held + f->n, p, (size_t)n);
	f->n += n;
	return SQLITE_OK;
}

static int co_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = hand_on(f);

	return r != SQLITE_OK ? r : real->pMethods->xTruncate(real, size);
}

static int co_sync(sqlite3_file *file, int flags)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = hand_on(f);

	return r != SQLITE_OK ? r : real->pMethods->xSync(real, flags);
}

static int co_size(sqlite3_file *file, sqlite3_int64 *out)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = hand_on(f);

	return r != SQLITE_OK ? r : real->pMethods->xFileSize(real, out);
}

static int co_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of(file_of(file));

	return real->pMethods->xLock(real, level);
}

static int co_unlock(sqlite3_file *file, int level)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r = hand_on(f), unlocked = real->pMethods->xUnlock(real, level);

	return r != SQLITE_OK ? r : unlocked;
}

static int co_reserved(sqlite3_file *file, int *out)
{
	sqlite3_file *real = real_of(file_of(file));

	return real->pMethods->xCheckReservedLock(real, out);
}

static int co_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = real_of(file_of(file));

	return real->pMethods->xFileControl(real, op, arg);
}

static int co_sector_size(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file_of(file));

	return real->pMethods->xSectorSize(real);
}

static int co_characteristics(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file_of(file));

	return real->pMethods->xDeviceCharacteristics(real);
}

/* Version 1: neither shared memory nor pages that are mapped. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = co_close,
    .xRead = co_read,
    .xWrite = co_write,
    .xTruncate = co_truncate,
    .xSync = co_sync,
    .xFileSize = co_size,
    .xLock = co_lock,
    .xUnlock = co_unlock,
    .xCheckReservedLock = co_reserved,
    .xFileControl = co_control,
    .xSectorSize = co_sector_size,
    .xDeviceCharacteristics = co_characteristics,
};

/* --- the VFS ------------------------------------------------------------------ */

static int co_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
    int flags, int *out)
{
	struct file *f = file_of(file);
	sqlite3_file *real = real_of(f);
	int r;

	(void)vfs;
	memset(f, 0, sizeof(*f));
	if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0 &&
	    (f->held = sqlite3_malloc(VFS_COALESCE)) == NULL)
		return SQLITE_NOMEM;
	if ((r = usual->xOpen(usual, name, real, flags, out)) != SQLITE_OK) {
		sqlite3_free(f->held);
		return r;
	}
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

const char *vfs_coalesce(void)
{
	static sqlite3_vfs vfs;

	if (usual == NULL) {
		/* All but the opening of a file stays the usual one's. */
		if ((usual = sqlite3_vfs_find(NULL)) == NULL)
			return NULL;
		vfs = *usual;
		vfs.pNext = NULL;
		vfs.szOsFile += (int)sizeof(struct file);
		vfs.zName = "coalesce";
		vfs.xOpen = co_open;
	}
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : NULL;
}
