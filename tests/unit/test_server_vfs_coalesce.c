/* What SQLite writes through vfs_coalesce: the same bytes in the same order as
 * without it, in fewer writes; and no commit is acknowledged that is not written. */
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/store/vfs_coalesce.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/folder.h"

enum { MODEL = 1 << 20, STEPS = 20000, PAGE = 4096, HEAD = 24, PAGES = 13 };

static struct faulty *disk;
static char path[512];

static int up(void **state)
{
	if (folder_make(state) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/file", (const char *)*state);
	atomic_store(&disk->fail_at[FAULTY_WRITE], 0);
	folder_write(path, "", 0600);
	return 0;
}

/* --- one file ------------------------------------------------------------------ */

/* As SQLite calls it: the database is there, and after the name are parameters of
 * which there are none. */
static sqlite3_file *file_open(int kind)
{
	static char name[sizeof(path) + 16];
	sqlite3_vfs *vfs = sqlite3_vfs_find(vfs_coalesce());
	sqlite3_file *f;

	assert_non_null(vfs);
	f = calloc(1, (size_t)vfs->szOsFile);
	assert_non_null(f);
	memset(name, 0, sizeof(name));
	snprintf(name, sizeof(name) - 4, "%s%s", path,
	    kind == SQLITE_OPEN_WAL		? "-wal"
	    : kind == SQLITE_OPEN_MAIN_JOURNAL ? "-journal"
					       : "");
	assert_int_equal(vfs->xOpen(vfs, name, f,
			     kind | SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE,
			     NULL),
	    SQLITE_OK);
	return f;
}

static void file_close(sqlite3_file *f)
{
	assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
	free(f);
}

static int put(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return f->pMethods->xWrite(f, p, n, at);
}

static int writes(void)
{
	return atomic_exchange(&disk->writes, 0);
}

/* A commit as SQLite writes it to the WAL. */
static void put_frames(sqlite3_file *f, const uint8_t *bytes)
{
	int i, at = 0;

	for (i = 0; i < PAGES; i++) {
		assert_int_equal(put(f, bytes + at, HEAD, at), SQLITE_OK);
		at += HEAD;
		assert_int_equal(put(f, bytes + at, PAGE, at), SQLITE_OK);
		at += PAGE;
	}
}

static void test_a_commit_is_one_write(void **state)
{
	static uint8_t bytes[PAGES * (HEAD + PAGE)], back[sizeof(bytes)];
	sqlite3_file *f = file_open(SQLITE_OPEN_WAL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / PAGE);
	(void)writes();
	put_frames(f, bytes);
	assert_int_equal(writes(), 0);
	assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_OK);
	assert_int_equal(writes(), 1);
	assert_int_equal(
	    f->pMethods->xRead(f, back, sizeof(back), 0), SQLITE_OK);
	assert_memory_equal(back, bytes, sizeof(bytes));
	file_close(f);
}

static void test_a_journal_waits_for_nothing(void **state)
{
	sqlite3_file *f = file_open(SQLITE_OPEN_MAIN_JOURNAL);

	(void)state;
	(void)writes();
	assert_int_equal(put(f, "abc", 3, 0), SQLITE_OK);
	assert_int_equal(put(f, "def", 3, 3), SQLITE_OK);
	assert_int_equal(writes(), 2);
	file_close(f);
}

/* A read of what is held, the size and the end of the file know it. */
static void test_what_tells(void **state)
{
	sqlite3_file *f = file_open(SQLITE_OPEN_MAIN_DB);
	sqlite3_int64 size = 0;
	char back[8] = "";

	(void)state;
	assert_int_equal(put(f, "abcd", 4, 0), SQLITE_OK);
	assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
	assert_int_equal(size, 4);
	assert_int_equal(put(f, "efgh", 4, 4), SQLITE_OK);
	assert_int_equal(f->pMethods->xRead(f, back, 2, 3), SQLITE_OK);
	assert_memory_equal(back, "de", 2);
	assert_int_equal(put(f, "ijkl", 4, 8), SQLITE_OK);
	assert_int_equal(f->pMethods->xTruncate(f, 10), SQLITE_OK);
	assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
	assert_int_equal(size, 10);
	file_close(f);
}

/* The same writes, reads and truncations in memory. */
static void test_as_in_memory(void **state)
{
	static uint8_t model[MODEL], bytes[2 * VFS_COALESCE], back[MODEL];
	sqlite3_file *f = file_open(SQLITE_OPEN_MAIN_DB);
	sqlite3_int64 size = 0, last = 0, at, found;
	unsigned x = 1;
	int i, n, what;

	(void)state;
	for (i = 0; i < STEPS; i++) {
		x = x * 1103515245 + 12345;
		what = (int)(x >> 16) % 16;
		n = 1 + (int)(x >> 8) % (what == 0 ? 2 * VFS_COALESCE : PAGE);
		at = (sqlite3_int64)((x >> 4) % (MODEL - 2 * VFS_COALESCE));
		if (what < 11) { /* mostly after the last one */
			if (what > 1 && last < MODEL - 2 * VFS_COALESCE)
				at = last;
			memset(bytes, (int)(x >> 24), (size_t)n);
			assert_int_equal(put(f, bytes, n, at), SQLITE_OK);
			memcpy(model + at, bytes, (size_t)n);
			last = at + n;
			size = last > size ? last : size;
		} else if (what < 14 && at + n <= size) {
			assert_int_equal(
			    f->pMethods->xRead(f, back, n, at), SQLITE_OK);
			assert_memory_equal(back, model + at, (size_t)n);
		} else if (what == 14 && (x & 0xff) == 0) {
			size = size > n ? size - n : 0;
			memset(model + size, 0, (size_t)(MODEL - size));
			assert_int_equal(
			    f->pMethods->xTruncate(f, size), SQLITE_OK);
		} else if (what == 15) {
			assert_int_equal(
			    f->pMethods->xFileSize(f, &found), SQLITE_OK);
			assert_int_equal(found, size);
		}
	}
	file_close(f);
	f = file_open(SQLITE_OPEN_MAIN_DB);
	assert_int_equal(f->pMethods->xFileSize(f, &found), SQLITE_OK);
	assert_int_equal(found, size);
	assert_int_equal(f->pMethods->xRead(f, back, (int)size, 0), SQLITE_OK);
	assert_memory_equal(back, model, (size_t)size);
	file_close(f);
}

/* The call that hands the bytes on tells of it, and they are not written later. */
static void test_a_write_that_fails(void **state)
{
	sqlite3_file *f = file_open(SQLITE_OPEN_WAL);
	sqlite3_int64 size = 9;
	char back[4];
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(put(f, "abcd", 4, 0), SQLITE_OK);
		atomic_store(&disk->fail_at[FAULTY_WRITE], 1);
		assert_int_equal(
		    i == 0 ? f->pMethods->xSync(f, SQLITE_SYNC_NORMAL)
		    : i == 1 ? f->pMethods->xRead(f, back, 4, 0)
		    : i == 2 ? f->pMethods->xTruncate(f, 4)
		    : i == 3 ? f->pMethods->xFileSize(f, &size)
			     : put(f, "x", 1, 100),
		    SQLITE_IOERR_WRITE);
		assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
		assert_int_equal(size, 0);
	}
	file_close(f);
}

/* --- a database ---------------------------------------------------------------- */

static sqlite3 *base_open(void)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(path, &db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			     vfs_coalesce()),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=FULL;"
		"CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, b BLOB)",
		NULL, NULL, NULL),
	    SQLITE_OK);
	return db;
}

static int add(sqlite3 *db)
{
	return sqlite3_exec(db, "INSERT INTO t (b) VALUES (zeroblob(9000))",
	    NULL, NULL, NULL);
}

static int count(sqlite3 *db)
{
	sqlite3_stmt *s;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT count(*) FROM t WHERE length(b) = 9000", -1,
			     &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* A process that ends without a word leaves all that it has committed. More than
 * the 1,000 pages after which SQLite makes a checkpoint. */
static void test_killed(void **state)
{
	enum { ROWS = 700 };
	sqlite3 *db;
	int i, how;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		db = base_open();
		for (i = 0; i < ROWS; i++)
			if (add(db) != SQLITE_OK)
				_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_int_equal(how, 0);
	db = base_open();
	assert_int_equal(count(db), ROWS);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Each write fails once: the commit that it belongs to says so, or the checkpoint
 * that follows, which is made again. */
static void test_each_write_fails(void **state)
{
	int n, done = 0;
	sqlite3 *db = base_open();

	(void)state;
	for (n = 1; n <= 20; n++) {
		atomic_store(&disk->fail_at[FAULTY_WRITE], n);
		while (atomic_load(&disk->fail_at[FAULTY_WRITE]) > 0) {
			if (add(db) == SQLITE_OK)
				done++;
			if (done % 5 == 4)
				(void)sqlite3_exec(db,
				    "PRAGMA wal_checkpoint(TRUNCATE)", NULL,
				    NULL, NULL);
		}
		assert_int_equal(count(db), done);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	db = base_open();
	assert_int_equal(count(db), done);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, up, folder_remove)
	struct CMUnitTest tests[] = {
	    TEST(test_a_commit_is_one_write),
	    TEST(test_a_journal_waits_for_nothing),
	    TEST(test_what_tells),
	    TEST(test_as_in_memory),
	    TEST(test_a_write_that_fails),
	    TEST(test_killed),
	    TEST(test_each_write_fails),
	};

	if ((disk = faulty_vfs()) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
