/* Unit tests for known_people: a name is pinned by its first message, and a
 * changed one stays pinned to the old identity until the user accepts the new
 * one, in this run and the next; and no flood of names pushes a pin out. */
#include <sys/stat.h>
#include <unistd.h>

#include "client/trust/people.h"
#include "tests/unit/folder.h"

/* base64url of 32 bytes of 1, 2, 3 */
#define FP1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define FP2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define FP3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"

static const uint8_t *fp(int c)
{
	static uint8_t fps[4][WIRE_HASH];

	memset(fps[c], c, WIRE_HASH);
	return fps[c];
}

static struct people *open_people(const char *path)
{
	struct people *p = NULL;
	struct errmsg why;

	assert_int_equal(people_open(&p, path, &why), 0);
	return p;
}

/* The name appears and speaks. Returns how well it was known before. */
static enum trust hear(struct people *p, const uint8_t *server,
    const char *name, const uint8_t *identity)
{
	enum trust was = people_meet(p, server, name, identity);

	people_spoke(p, server, name, identity);
	return was;
}

static void flush(struct people *p)
{
	struct errmsg why;

	assert_int_equal(people_flush(p, &why), 0);
}

/* Who has not spoken is in no file, but another key is noticed in this run. */
static void test_first_sight(void **state)
{
	const char *path = folder_path(state, "sub/people");
	struct people *p = open_people(path);
	struct pinned known;

	assert_int_equal(people_meet(p, fp(1), "Alice", fp(2)), TRUST_NEW);
	assert_int_equal(people_meet(p, fp(1), "alice", fp(2)), TRUST_NEW);
	assert_int_equal(people_meet(p, fp(1), "ALICE", fp(3)), TRUST_CHANGED);
	assert_true(people_disputed(p, fp(1), "alice"));
	assert_int_equal(people_meet(p, fp(2), "alice", fp(3)), TRUST_NEW);
	assert_false(people_pinned(p, fp(1), "alice", 0, &known));
	flush(p);
	assert_int_equal(access(path, F_OK), -1);
	/* A changed one is not pinned by speaking. */
	people_spoke(p, fp(1), "alice", fp(3));
	assert_false(people_pinned(p, fp(1), "alice", 0, &known));
	people_free(p);
}

static void test_first_message(void **state)
{
	const char *path = folder_path(state, "sub/people");
	struct people *p = open_people(path);
	struct stat st;
	char *text, *end;

	assert_int_equal(hear(p, fp(1), "Alice", fp(2)), TRUST_NEW);
	assert_int_equal(hear(p, fp(1), "alice", fp(2)), TRUST_SEEN);
	assert_int_equal(hear(p, fp(1), "ALICE", fp(3)), TRUST_CHANGED);
	/* Pins are separate for each server. */
	assert_int_equal(hear(p, fp(2), "alice", fp(3)), TRUST_NEW);
	assert_int_equal(access(path, F_OK), -1);
	flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(text);
	assert_memory_equal(
	    text, FP1 " Alice " FP2 " known 2", strlen(FP1) * 2 + 15);
	end = strchr(text, '\n');
	assert_memory_equal(end + 1, FP2 " alice " FP3 " known 2", 2 * 43 + 15);
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_next_run(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct pinned known;
	char today[RECORDS_DATE];

	records_date(today);
	assert_false(people_pinned(p, fp(1), "bob", 0, &known));
	hear(p, fp(1), "bob", fp(2));
	flush(p);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "Bob", fp(2)), TRUST_SEEN);
	assert_true(people_pinned(p, fp(1), "BOB", 0, &known));
	assert_memory_equal(known.identity, fp(2), WIRE_HASH);
	assert_false(known.verified);
	assert_string_equal(known.since, today);
	people_free(p);
}

static void test_trust(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;
	char *text;

	hear(p, fp(1), "bob", fp(2));
	hear(p, fp(1), "eve", fp(2));
	flush(p);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), 0);
	/* Beside the first, in memory and in the file. */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(1)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_VERIFIED, &why), 0);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(1), "eve", fp(2)), TRUST_SEEN);
	/* A verified name with another identity is reported as changed. */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(1)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, " bob " FP2 " known "));
	assert_null(strstr(text, " bob " FP3 " known "));
	assert_non_null(strstr(text, " bob " FP3 " verified "));
	free(text);
	assert_int_equal(folder_count(state), 1);
}

/* A person with several devices: each of the keys has its own mark and date, the
 * oldest comes first, and a flush rewrites only the line of its own key. */
static void test_devices(void **state)
{
	const char *path = folder_path(state, "people");
	const char *const file = FP1 " bob " FP2 " seen 2026-01-01\n" FP1
				     " Bob " FP3 " verified 2026-02-02\n" FP2
				     " bob " FP1 " known 2026-03-03\n";
	struct people *p;
	struct pinned pin;
	char *text;

	folder_write(path, file, 0600);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "BOB", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(1)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(2), "bob", fp(3)), TRUST_CHANGED);
	assert_true(people_pinned(p, fp(1), "bob", 0, &pin));
	assert_memory_equal(pin.identity, fp(2), WIRE_HASH);
	assert_false(pin.verified);
	assert_string_equal(pin.since, "2026-01-01");
	assert_true(people_pinned(p, fp(1), "bob", 1, &pin));
	assert_memory_equal(pin.identity, fp(3), WIRE_HASH);
	assert_true(pin.verified);
	assert_false(people_pinned(p, fp(1), "bob", 2, &pin));
	/* The "seen" key speaks: its line becomes "known". */
	hear(p, fp(1), "bob", fp(2));
	flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, " bob " FP2 " known "));
	assert_null(strstr(text, " seen "));
	assert_non_null(strstr(text, " Bob " FP3 " verified 2026-02-02\n"));
	assert_non_null(strstr(text, FP2 " bob " FP1 " known 2026-03-03\n"));
	free(text);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_VERIFIED);
	people_free(p);
}

/* Verifying a person never met before pins and verifies them in one step. */
static void test_trust_unknown(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;

	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(2), TRUST_VERIFIED, &why), 0);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_VERIFIED);
	people_free(p);
}

static void test_good_lines(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p;
	struct errmsg why;
	char *text;

	folder_write(path,
	    "\xef\xbb\xbf" FP1 " bob " FP2 " verified 2026-01-01 # note\r\n"
	    "# people\n\n \t\r\n" FP1 " BOB " FP2
	    " verified\n"	       /* the same again */
	    FP1 " kim " FP3 " seen -", /* no end */
	    0600);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(3)), TRUST_SEEN);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(2)), TRUST_CHANGED);
	/* Neither way of writing loses a line. */
	hear(p, fp(1), "zoe", fp(2));
	flush(p);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(2), TRUST_SEEN, &why), 0);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, "seen -\n" FP1 " zoe "));
	assert_non_null(strstr(text, "# people\n"));
	assert_null(strstr(text, FP1 " BOB "));
	free(text);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	people_free(p);
}

/* A line that is not understood might be somebody's pin. */
static void test_broken_lines(void **state)
{
	static const struct {
		const char *text, *line, *what;
	} rows[] = {
	    {"x bob " FP2 " seen 2026-01-01\n", " line 1: ", "the server"},
	    {"#\n" FP1 " b!b " FP2 " seen\n", " line 2: ", "not a name"},
	    {FP1 " server " FP2 " seen\n", " line 1: ", "not a name"},
	    {FP1 "\n", " line 1: ", "not a name"},
	    {FP1 " bob xx seen 2026-01-01\n", " line 1: ", "the identity"},
	    {FP1 " bob " FP2 " maybe\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 "\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 " Verified\n", " line 1: ", "none of"},
	    {FP1 " bob " FP2 " seen today\n", " line 1: ", "date"},
	    {FP1 " bob " FP2 " seen 2026-01-01 verified\n",
		" line 1: ", "more than"},
	    {FP1 " bob " FP2 " seen\n" FP1 " BOB " FP3 " seen\n" FP1
		 " BOB " FP2 " known\n",
		" line 3: ", "mark"},
	    {FP1 " bob " FP2 " seen\n" FP1 " bob " FP2 " verified\n",
		" line 2: ", "mark"},
	    {FP1 " abcdefghijklmnopqrstuvwxy " FP2 " seen x",
		" line 1: ", "not a name"},
	    {"# old\r" FP1 " bob " FP2 " seen\r",
		" line 1: ", "carriage return"},
	    {"\xfe\xff", "", "UTF-16"},
	};
	const char *path = folder_path(state, "people");
	struct people *p = NULL;
	struct errmsg why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		folder_write(path, rows[i].text, 0600);
		assert_int_equal(people_open(&p, path, &why), ERR_USAGE);
		assert_null(p);
		if (strstr(why.text, path) == NULL ||
		    strstr(why.text, rows[i].line) == NULL ||
		    strstr(why.text, rows[i].what) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

/* A file that breaks while the client runs takes no pin away, and nothing is
 * written to it. */
static void test_broken_meanwhile(void **state)
{
	const char *path = folder_path(state, "people");
	const char *broken = FP1 " kim " FP2 " seen\nbroken\n";
	struct people *p;
	struct errmsg why;
	char *text;

	folder_write(path, FP1 " bob " FP2 " verified\n", 0600);
	p = open_people(path);
	folder_write(path, broken, 0600);
	hear(p, fp(1), "zoe", fp(2)); /* reads the file again */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(2)), TRUST_VERIFIED);
	assert_int_equal(people_flush(p, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, " line 2: "));
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	text = folder_read(path);
	assert_string_equal(text, broken);
	free(text);
	/* Once it is mended, what was learnt meanwhile is written. */
	folder_write(path, FP1 " kim " FP2 " seen\n", 0600);
	hear(p, fp(1), "ann", fp(2));
	flush(p);
	people_free(p);
	text = folder_read(path);
	assert_non_null(strstr(text, FP1 " zoe "));
	free(text);
}

/* Two clients of one user share their pins. */
static void test_two_clients(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *a = open_people(path), *b = open_people(path);
	char *text;

	hear(a, fp(1), "bob", fp(2));
	flush(a);
	assert_int_equal(people_meet(b, fp(1), "bob", fp(3)), TRUST_CHANGED);
	/* Both at once: the first writer wins, and the other learns of it. */
	assert_int_equal(hear(a, fp(1), "eve", fp(2)), TRUST_NEW);
	assert_int_equal(hear(b, fp(1), "eve", fp(3)), TRUST_NEW);
	flush(b);
	flush(a);
	assert_int_equal(people_meet(a, fp(1), "eve", fp(2)), TRUST_CHANGED);
	assert_int_equal(people_meet(a, fp(1), "eve", fp(3)), TRUST_SEEN);
	people_free(a);
	people_free(b);
	text = folder_read(path);
	assert_null(strstr(text, " eve " FP2));
	free(text);
}

/* A write error is reported once; the pins stay in memory. */
static void test_cannot_write(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;

	assert_int_equal(mkdir(path, 0700), 0);
	hear(p, fp(1), "bob", fp(2));
	assert_int_equal(people_flush(p, &why), ERR_IO);
	assert_non_null(strstr(why.text, path));
	flush(p);
	hear(p, fp(1), "eve", fp(2));
	flush(p); /* already reported */
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(
	    people_trust(p, fp(1), "bob", fp(3), TRUST_SEEN, &why), ERR_IO);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	/* Once the disk is writable, everything is written. */
	assert_int_equal(rmdir(path), 0);
	hear(p, fp(1), "kim", fp(2));
	flush(p);
	people_free(p);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "eve", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(3)), TRUST_CHANGED);
	people_free(p);
}

static void test_many(void **state)
{
	enum { MANY = 20000 };
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	char name[16];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(hear(p, fp(1), name, fp(2)), TRUST_NEW);
		if (i % 4000 == 3999)
			flush(p);
	}
	people_free(p);
	p = open_people(path);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(
		    people_meet(p, fp(1), name, fp(3)), TRUST_CHANGED);
	}
	people_free(p);
}

/* A name that two identities have used stays disputed, whatever the file says
 * later. */
static void test_disputed(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path), *other;
	char name[16];
	int i;

	hear(p, fp(1), "bob", fp(2));
	hear(p, fp(1), "bob", fp(2));
	assert_false(people_disputed(p, fp(1), "bob"));
	assert_int_equal(people_meet(p, fp(1), "Bob", fp(3)), TRUST_CHANGED);
	assert_true(people_disputed(p, fp(1), "bob"));
	assert_false(people_disputed(p, fp(2), "bob"));
	flush(p);
	other = open_people(path);
	hear(other, fp(1), "eve", fp(2));
	flush(other);
	people_free(other);
	hear(p, fp(1), "zoe", fp(2)); /* reads the file again */
	assert_int_equal(people_meet(p, fp(1), "eve", fp(2)), TRUST_SEEN);
	assert_true(people_disputed(p, fp(1), "bob"));
	assert_false(people_disputed(p, fp(1), "eve"));
	/* Past the limit of remembered names, every name counts as disputed. */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		hear(p, fp(1), name, fp(2));
		assert_int_equal(
		    people_meet(p, fp(1), name, fp(3)), TRUST_CHANGED);
		assert_true(people_disputed(p, fp(1), name));
	}
	assert_true(people_disputed(p, fp(1), "eve"));
	people_free(p);
}

/* --- floods --------------------------------------------------------------- */

enum { FLOOD = 40000 };

static void nth_name(char out[16], int i)
{
	snprintf(out, 16, "flood%d", i);
}

static size_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* 40,000 names that join and say nothing take no room in the file. */
static void test_silent_flood(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	char name[16];
	int i;

	hear(p, fp(1), "bob", fp(2));
	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		assert_int_equal(people_meet(p, fp(1), name, fp(3)), TRUST_NEW);
		if (i % 4000 == 0)
			flush(p);
	}
	hear(p, fp(1), "carol", fp(2));
	flush(p);
	people_free(p);
	assert_true(size_of(path) < 400);
	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "carol", fp(3)), TRUST_CHANGED);
	people_free(p);
}

/* 40,000 names that all speak: a friend's other key is told after a restart,
 * whoever could not be kept is said once, and other servers have room. */
static void test_speaking_flood(void **state)
{
	const char *path = folder_path(state, "people");
	struct people *p = open_people(path);
	struct errmsg why;
	char name[16], first[16] = "", *said;
	int i, kept = 0, told = 0;

	hear(p, fp(1), "bob", fp(2));
	flush(p);
	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		hear(p, fp(1), name, fp(3));
		if (i % 2000 != 1999)
			continue;
		if (people_flush(p, &why) == 0)
			continue;
		told++;
		assert_non_null(strstr(why.text, path));
		said = strstr(why.text, "the key of flood");
		assert_non_null(said);
		assert_int_equal(
		    sscanf(said, "the key of %15[a-z0-9]", first), 1);
	}
	assert_int_equal(told, 1);
	/* The friend who comes too late is the user's to keep. */
	hear(p, fp(1), "late", fp(2));
	flush(p);
	assert_int_equal(
	    people_trust(p, fp(1), "kim", fp(2), TRUST_VERIFIED, &why), 0);
	people_free(p);
	p = open_people(path); /* a client of another server */
	assert_int_equal(hear(p, fp(2), "eve", fp(2)), TRUST_NEW);
	flush(p);
	people_free(p);
	assert_true(size_of(path) < FILE_MAX);

	p = open_people(path);
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(2)), TRUST_VERIFIED);
	assert_int_equal(people_meet(p, fp(2), "eve", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "late", fp(3)), TRUST_NEW);
	/* In order of arrival: the one who was named, and nobody before. */
	for (i = 0; i < FLOOD; i++) {
		nth_name(name, i);
		if (people_meet(p, fp(1), name, fp(2)) != TRUST_CHANGED)
			break;
		kept++;
	}
	assert_true(kept > 20000);
	assert_string_equal(name, first);
	people_free(p);
}

/* A file that a flood filled before pins had to be earned makes room: who never
 * spoke goes, who was compared or speaks stays. */
static void test_old_flood(void **state)
{
	enum { OLD = 35000 };
	const char *path = folder_path(state, "people");
	struct people *p;
	struct errmsg why;
	struct buf b;
	char line[160], name[16];
	const char *text;
	int i;

	buf_init(&b, FILE_MAX);
	assert_int_equal(
	    buf_str(&b, FP1 " bob " FP2 " seen 2026-01-01\n" FP1 " kim " FP2
			    " verified 2026-01-01\n" FP2 " ann " FP2
			    " seen 2026-01-01\n"),
	    0);
	for (i = 0; i < OLD; i++) {
		snprintf(line, sizeof(line),
		    FP1 " flood%05d " FP3 " seen 2026-01-01\n", i);
		assert_int_equal(buf_str(&b, line), 0);
	}
	assert_true(b.len > (size_t)FILE_MAX / 8 * 7);
	assert_int_equal(buf_u8(&b, 0), 0);
	folder_write(path, (const char *)b.p, 0600);
	buf_free(&b);

	p = open_people(path);
	/* bob speaks, and so is heard under this version. */
	assert_int_equal(hear(p, fp(1), "bob", fp(2)), TRUST_SEEN);
	flush(p);
	for (i = 0; i < 2000; i++) {
		nth_name(name, i);
		assert_int_equal(hear(p, fp(3), name, fp(2)), TRUST_NEW);
		if (i % 500 == 499)
			assert_int_equal(people_flush(p, &why), 0);
	}
	people_free(p);
	buf_init(&b, FILE_MAX + 1);
	assert_int_equal(file_read(path, FILE_OWN, &b, &why), 0);
	assert_int_equal(buf_u8(&b, 0), 0);
	text = (const char *)b.p;
	assert_non_null(strstr(text, FP1 " bob " FP2 " known 2026-01-01\n"));
	assert_non_null(strstr(text, FP1 " kim " FP2 " verified 2026-01-01\n"));
	/* The oldest silent ones have gone, and only as many as needed. */
	assert_null(strstr(text, "flood00000 "));
	assert_non_null(strstr(text, "flood34999 "));
	buf_free(&b);
	p = open_people(path);
	for (i = 0; i < 2000; i++) {
		nth_name(name, i);
		assert_int_equal(
		    people_meet(p, fp(3), name, fp(3)), TRUST_CHANGED);
	}
	assert_int_equal(people_meet(p, fp(1), "bob", fp(3)), TRUST_CHANGED);
	assert_int_equal(people_meet(p, fp(1), "kim", fp(3)), TRUST_CHANGED);
	people_free(p);
}

static void test_ops(void **state)
{
	struct people *p = open_people(folder_path(state, "people"));
	struct people_ops ops = people_ops(p);

	assert_int_equal(ops.meet(ops.arg, fp(1), "bob", fp(2)), TRUST_NEW);
	ops.spoke(ops.arg, fp(1), "bob", fp(2));
	assert_int_equal(ops.meet(ops.arg, fp(1), "bob", fp(2)), TRUST_SEEN);
	assert_int_equal(ops.meet(ops.arg, fp(1), "bob", fp(3)), TRUST_CHANGED);
	people_free(p);
	people_free(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_first_sight),
	    T(test_first_message),
	    T(test_next_run),
	    T(test_trust),
	    T(test_devices),
	    T(test_trust_unknown),
	    T(test_good_lines),
	    T(test_broken_lines),
	    T(test_broken_meanwhile),
	    T(test_two_clients),
	    T(test_cannot_write),
	    T(test_many),
	    T(test_disputed),
	    T(test_silent_flood),
	    T(test_speaking_flood),
	    T(test_old_flood),
	    T(test_ops),
	};

	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
