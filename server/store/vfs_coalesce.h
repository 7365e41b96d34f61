/* vfs_coalesce.h - SQLite's way to its files, with successive writes made one.
 *
 * SQLite writes each page of a commit to the WAL with two calls, head and page,
 * and each page of a checkpoint with one. Both go through this VFS, which keeps
 * what follows immediately upon the write before it, and hands it on as one call:
 * at a sync, before a read of these bytes, at anything else that could tell, and
 * when VFS_COALESCE bytes are together. Order and contents stay as they were; an
 * error is told by the call that hands on, and a commit ends with a sync.
 *
 * So it is for synchronous=FULL alone: with NORMAL a commit does not end with a
 * sync, and what a process has committed would be gone with it.
 *
 * It has no shared memory: a database in WAL mode has to have
 * locking_mode=EXCLUSIVE. */
#ifndef CONCLAVED_STORE_VFS_COALESCE_H
#define CONCLAVED_STORE_VFS_COALESCE_H

enum { VFS_COALESCE = 64 << 10 };

/* Its name, for sqlite3_open_v2; NULL: no memory. The first call registers it, and
 * has to have returned before another thread makes one. */
const char *vfs_coalesce(void);

#endif
