/* faulty_vfs.h - SQLite's view of a disk that fails. It becomes the default of
 * this process and of those that it forks, which share its settings. */
#ifndef CONCLAVE_TEST_FAULTY_VFS_H
#define CONCLAVE_TEST_FAULTY_VFS_H

#include <stdatomic.h>

enum faulty_call { FAULTY_WRITE, FAULTY_SYNC, FAULTY_TRUNCATE, FAULTY_CALLS };

struct faulty {
	/* The one of this number from now on fails, once; 0: none. */
	atomic_int fail_at[FAULTY_CALLS];
	atomic_int full;   /* every write fails: no space */
	atomic_int failed; /* how many have */
	atomic_int writes; /* how many there were */
	/* A power cut at the call of this number from now on, of any kind: what
	 * was not synced is undone, all of it or (odd) about half of the pages
	 * that were written, and the process ends. 0: none. */
	atomic_int cut_at, cut_how;
	atomic_int cuts; /* how many there were */
};
/* NULL: it cannot be made. */
struct faulty *faulty_vfs(void);

#endif
