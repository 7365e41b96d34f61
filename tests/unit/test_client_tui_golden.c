/* Compares whole screens with files, at several sizes, and checks that a screen
 * does not depend on what came before it. The files are in tests/unit/golden;
 * with CONCLAVE_GOLDEN=write in the environment they are written instead. */
#include "tests/unit/tui_golden.h"

#define KANJI  "\xe6\xbc\xa2\xe5\xad\x97"
#define HEBREW "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"
#define ARABIC "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7"
#define FAMILY                                                                 \
	"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"             \
	"\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6"

static const struct {
	int rows, cols;
} sizes[] = {{5, 20}, {10, 40}, {24, 80}, {40, 132}};
enum { SIZES = 4 };

/* A room with every kind of line. */
static void say_all(struct stage *s)
{
	char text[80];
	int i;

	for (i = 0; i < 30; i++) {
		snprintf(
		    text, sizeof(text), "line %d of some that came before", i);
		stage_message(s, i % 3 ? "alice" : "bob", text);
	}
	stage_message(s, "alice",
	    "a message that is long enough to be wrapped at "
	    "the right, which may happen once, or twice, or more often than "
	    "that");
	s->order.event.action = true;
	stage_message(s, "bob", "waves");
	stage_message(s, "alice",
	    KANJI KANJI KANJI KANJI KANJI KANJI KANJI KANJI
	    " e\xcc\x81 " FAMILY " \xe2\x9d\xa4\xef\xb8\x8f.");
	stage_message(s, "bob", HEBREW " 12 " ARABIC " abc");
	stage_message(s, "alice", "\033[31mred\xe2\x80\xae txet\n12:34 me no");
	s->order.person.trust = TRUST_CHANGED;
	stage_message(s, "mallory", "trust me");
	stage_event(s, EVENT_JOIN, "carol", NULL);
}

static void scene_following(struct stage *s)
{
	say_all(s);
}

static void scene_back(struct stage *s)
{
	say_all(s);
	stage_sync(s);
	vt_type(s->vt, "\033[5~");
	stage_expect(s, " below");
	stage_message(s, "alice", "me: this came while you read above");
	stage_message(s, "bob", "and this");
}

static void scene_away(struct stage *s)
{
	stage_message(s, "alice", "seen");
	stage_sync(s);
	vt_type(s->vt, "\033[O");
	stage_sync(s);
	stage_message(s, "bob", "not seen");
	stage_message(s, "alice", "nor this, Me");
}

static void scene_writing(struct stage *s)
{
	say_all(s);
	stage_sync(s);
	vt_type(s->vt,
	    "one\033\r" KANJI " two\033\rthree, which is longer than "
	    "the others are so that it takes more than a row of most");
}

static void scene_lost(struct stage *s)
{
	struct room *r = &s->order.room;

	strcpy(r->name, "lobby");
	strcpy(r->people[0].name, "me");
	r->people[0].self = true;
	strcpy(r->people[1].name, "bob");
	r->people[1].trust = TRUST_CHANGED;
	r->n = 2;
	r->status.epoch = 70000;
	r->status.known = true;
	r->rtt_ms = UINT32_MAX;
	stage_send(s, ORDER_ROOM);
	stage_event(s, EVENT_CHANGED, "bob", NULL);
	strcpy(s->order.text, "the server is full");
	stage_event(s, EVENT_CLOSED, NULL, NULL);
}

static const struct scene {
	const char *name;
	void (*play)(struct stage *s);
} scenes[] = {{"following", scene_following}, {"back", scene_back},
    {"away", scene_away}, {"writing", scene_writing}, {"lost", scene_lost}};

static void at_all_sizes(const struct scene *scene)
{
	struct stage_opts o = {0};
	struct stage *s;
	int i;

	for (i = 0; i < SIZES; i++) {
		o.rows = sizes[i].rows;
		o.cols = sizes[i].cols;
		s = stage_in(&o);
		scene->play(s);
		golden(s, scene->name, true);
		stage_free(s);
	}
}

static void test_golden_following(void **state)
{
	(void)state;
	at_all_sizes(&scenes[0]);
}

static void test_golden_back(void **state)
{
	(void)state;
	at_all_sizes(&scenes[1]);
}

static void test_golden_away(void **state)
{
	(void)state;
	at_all_sizes(&scenes[2]);
}

static void test_golden_writing(void **state)
{
	(void)state;
	at_all_sizes(&scenes[3]);
}

static void test_golden_lost(void **state)
{
	(void)state;
	at_all_sizes(&scenes[4]);
}

/* Some rooms beside the lobby, with something new in a few of them, a draft in
 * another, and `last` the one that mentions the user. */
static void in_rooms(struct stage *s, unsigned n)
{
	static const char *const names[] = {"ops", "dev", "random"};
	char name[16];
	unsigned i;

	say_all(s);
	for (i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "room-%u", i + 1);
		stage_enter(s, i, i <= 3 ? names[i - 1] : name);
		stage_message_at(s, i, "carol", "hello");
	}
	stage_message_at(s, n - 1, "alice", "me: look here");
	stage_sync(s);
	vt_type(s->vt, "\033" "2half a sentence\033" "1and another");
	stage_sync(s);
}

/* 3 and 30 rooms, with and without colour, the list in a narrow window too. The
 * screens with colour have the same cells. */
static void test_golden_rooms(void **state)
{
	static const struct {
		int rows, cols;
	} windows[] = {{30, 100}, {24, 80}, {10, 40}, {5, 20}};
	static const unsigned rooms[] = {3, 30};
	struct stage_opts o = {0};
	struct stage *s;
	char name[32];
	int i, k;

	(void)state;
	for (i = 0; i < 16; i++) {
		o.rows = windows[i / 4].rows;
		o.cols = windows[i / 4].cols;
		o.color = i % 2 != 0;
		k = i / 2 % 2;
		s = stage_in(&o);
		in_rooms(s, rooms[k]);
		snprintf(name, sizeof(name), "rooms%u", rooms[k]);
		golden(s, name, !o.color);
		vt_type(s->vt, "\033OQ");
		snprintf(name, sizeof(name), "list%u", rooms[k]);
		golden(s, name, !o.color);
		stage_free(s);
	}
}

/* One room at 100x30: there is no column of rooms. */
static void test_golden_one_room(void **state)
{
	static const struct stage_opts o = {.rows = 30, .cols = 100};
	struct stage *s = stage_in(&o);

	(void)state;
	say_all(s);
	golden(s, "following", true);
	stage_free(s);
}

/* Whoever is alone in a room is told how to have somebody come, but not each
 * time that the connection comes back. */
static void test_golden_alone(void **state)
{
	static const char *const nobody[] = {NULL};
	struct stage_opts o = {0};
	struct stage *s;
	int i;

	(void)state;
	for (i = 1; i < 3; i++) {
		o.rows = sizes[i].rows;
		o.cols = sizes[i].cols;
		s = stage_new(&o);
		stage_room(s, 7, nobody);
		stage_event(s, EVENT_CONNECTED, NULL, NULL);
		golden(s, "alone", true);
		stage_event(s, EVENT_CONNECTED, NULL, NULL);
		stage_sync(s);
		golden(s, "alone-again", true);
		stage_free(s);
	}
}

/* The cells are the same for any terminal name and number of colours, and after
 * other window sizes. */
static void test_golden_terminals(void **state)
{
	static const struct {
		const char *term;
		bool color;
	} terms[] = {{"xterm-256color", true}, {"xterm-256color", false},
	    {"xterm", true}, {"xterm-mono", true}, {"screen", true},
	    {"screen-256color", true}, {"tmux", true}, {"tmux-256color", true},
	    {"vt220", true}, {"conclave-16", true}};
	/* Too small to show everything, which would mark it as read. */
	static const int others[4][2] = {{5, 20}, {8, 60}, {2, 12}, {9, 33}};
	struct stage_opts o = {.rows = 10, .cols = 40};
	struct stage *s;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		o.term = terms[i].term;
		o.color = terms[i].color;
		s = stage_in(&o);
		scene_back(s);
		for (k = 0; k < 4; k++) {
			vt_resize(s->vt, others[k][0], others[k][1]);
			stage_sync(s);
		}
		vt_resize(s->vt, 10, 40);
		golden(s, "back", false);
		stage_free(s);
	}
}

/* --- torture -------------------------------------------------------------- */

static const char *const evil[] = {"\033[2J\033[H", "\033]0;owned\007",
    "\xc2\x9b"
    "31m",
    "\xe2\x80\xae"
    "desrever",
    "\xe2\x81\xa6iso",
    "\x9b"
    "5n",
    "a\rb\bc\x07\x0e\x7f", "\xe2\x80\xa8line", "\xff\xfe\xc0\x80", "\033c",
    "\xef\xbb\xbf", "\xf3\xa0\x81\x81tag", "\n\n99:99 me never", KANJI, FAMILY,
    HEBREW " 1 ", ARABIC, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "\xcc\x81",
    " me ", "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "\xe1\x84\x80\xe1\x85\xa1",
    "word ", "\xe0\xa4\xa8\xe0\xa4\xbf", "\t", "    ",
    "longer than most words are "};

static const char *const keys[] = {"a", " ", "word ", KANJI, FAMILY, HEBREW,
    "e\xcc\x81", "\033[A", "\033[B", "\033[C", "\033[D", "\033[1;5C", "\033[5~",
    "\033[6~", "\033[1;2A", "\033[1;2B", "\x01", "\x05", "\x0b", "\x15", "\x17",
    "\x19", "\x14", "\t", "\033[Z", "\x7f", "\033[3~", "\033b", "\033f",
    "\033d", "\r", "\014", "\033\r", "\033<", "\033>", "\033u", "\033n",
    "\033p", "\033[I", "\033[O", "\033[99~", "\xff", "\xc3", "\033", "/h\t",
    "n", "\003n", "\033OP", "\033[200~x\ny\033[201~",
    "\033[200~1\n2\n3\n4\n5\n6\033[201~", "\033[<0;1;1M", "\033" "1",
    "\033" "2", "\033" "3", "\033" "a", "\033/", "\033m", "\033[1;3A",
    "\033[1;3B", "\033[1;3C", "\033[1;3D", "\033OQ", "\033OR",
    "\033g", "\033w", "\033o", "\033h", "l", "y", "\030"};

static void say_evil(struct stage *s, uint64_t *rnd)
{
	char text[1024];
	size_t n = 0, k, i;
	const char *e;

	for (i = check_random(rnd) % 12 + 1; i > 0; i--) {
		e = evil[check_random(rnd) % (sizeof(evil) / sizeof(evil[0]))];
		k = strlen(e);
		memcpy(text + n, e, k);
		n += k;
	}
	s->order.person.trust =
	    check_random(rnd) % 5 == 0 ? TRUST_CHANGED : TRUST_SEEN;
	s->order.event.action = check_random(rnd) % 7 == 0;
	s->order.at = (unsigned)(check_random(rnd) % 3);
	stage_message_n(s, check_random(rnd) % 2 ? "alice" : "bob", text, n);
}

/* Prints the rows that differ; a whole screen is too long for cmocka. */
static void show_differences(const char *before, const char *after)
{
	size_t b, a;
	int row;

	for (row = 0; *before != '\0' || *after != '\0'; row++) {
		b = strcspn(before, "\n");
		a = strcspn(after, "\n");
		if (b != a || memcmp(before, after, a) != 0) {
			print_error("row %d: %.*s\n", row, (int)b, before);
			print_error("  anew: %.*s\n", (int)a, after);
		}
		before += b + (before[b] == '\n');
		after += a + (after[a] == '\n');
	}
}

/* The screen equals a full redraw. */
static void expect_fresh(struct stage *s, int step)
{
	int rows = s->vt->rows, cols = s->vt->cols, row, col;
	VTermPos at;
	char *before, *after;

	stage_sync(s);
	before = vt_dump(s->vt);
	at = vt_cursor(s->vt);
	/* Write garbage that curses does not know of, in cells that it uses. */
	for (row = 0; row < rows; row++)
		for (col = 0; col < cols; col += 7)
			vterm_input_write(
			    s->vt->term, "\033[41m#\033[m\r\n", 13);
	vt_resize(s->vt, rows + 1, cols);
	stage_sync(s);
	vt_resize(s->vt, rows, cols);
	stage_sync(s);
	after = vt_dump(s->vt);
	if (strcmp(before, after) != 0) {
		print_error("after %d steps, %dx%d:\n", step, cols, rows);
		show_differences(before, after);
		fail();
	}
	assert_int_equal(vt_cursor(s->vt).row, at.row);
	assert_int_equal(vt_cursor(s->vt).col, at.col);
	free(before);
	free(after);
}

static void test_torture(void **state)
{
	static const struct stage_opts o = {
	    .rows = 24, .cols = 80, .color = true};
	struct stage *s = stage_in(&o);
	uint64_t rnd = 20261121;
	int i;

	(void)state;
	stage_enter(s, 1, "ops");
	stage_enter(s, 2, "dev");
	for (i = 1; i <= 10000; i++) {
		vt_type(s->vt, keys[check_random(&rnd) %
				    (sizeof(keys) / sizeof(keys[0]))]);
		if (i % 10 == 0)
			say_evil(s, &rnd);
		if (i % 50 == 0) {
			vt_resize(s->vt, 5 + (int)(check_random(&rnd) % 40),
			    20 + (int)(check_random(&rnd) % 130));
			if (check_random(&rnd) % 4 == 0)
				vt_resize(s->vt,
				    1 + (int)(check_random(&rnd) % 6),
				    2 + (int)(check_random(&rnd) % 30));
		}
		(void)stage_listen(s, 0);
		s->n_said = 0;
		if (i % 250 == 0)
			expect_fresh(s, i);
	}
	stage_free(s);
}

/* A terminal with 16 colours that the minimal terminfo of every system
 * lacks. */
static int make_term(void **state)
{
	static const char source[] =
	    "conclave-16|xterm with sixteen colours,\n"
	    "\tcolors#16, pairs#256,\n"
	    "\tsetaf=\\E[%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;m,\n"
	    "\tsetab=\\E[%?%p1%{8}%<%t4%p1%d%e10%p1%{8}%-%d%;m,\n"
	    "\tuse=xterm,\n";
	char dir[] = "/tmp/conclave-term-XXXXXX", cmd[256];
	FILE *f;

	if (mkdtemp(dir) == NULL)
		return 1;
	*state = strdup(dir);
	snprintf(cmd, sizeof(cmd), "tic -x -o %s - 2>%s/said", dir, dir);
	f = popen(cmd, "w");
	if (f == NULL || fputs(source, f) < 0 || pclose(f) != 0)
		return 1;
	return setenv("TERMINFO_DIRS", dir, 1) != 0 ||
	       setenv("TERMINFO", dir, 1) != 0;
}

static int remove_term(void **state)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -r %s", (char *)*state);
	free(*state);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden_following),
	    cmocka_unit_test(test_golden_back),
	    cmocka_unit_test(test_golden_away),
	    cmocka_unit_test(test_golden_writing),
	    cmocka_unit_test(test_golden_lost),
	    cmocka_unit_test(test_golden_rooms),
	    cmocka_unit_test(test_golden_one_room),
	    cmocka_unit_test(test_golden_alone),
	    cmocka_unit_test(test_golden_terminals),
	    cmocka_unit_test(test_torture),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name(
	    "tui screens", tests, make_term, remove_term);
}
