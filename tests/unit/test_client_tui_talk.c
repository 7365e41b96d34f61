/* A person's window in the full screen, compared with files (tui_golden.h): what is on
 * its way, kept and delivered, what a changed key holds, what a block refuses, and the
 * list of rooms when somebody has written; each at 80x24, 40x10 and 20x5, with and
 * without colour. Also the marks in ASCII, and what is left when the program ends. */
#include "tests/unit/tui_golden.h"

static const struct {
	int rows, cols;
} sizes[] = {{24, 80}, {10, 40}, {5, 20}};
enum { SIZES = 3 };

static bool has(struct stage *s, const char *text)
{
	char *screen = vt_dump(s->vt);
	const bool is = strstr(screen, text) != NULL;

	free(screen);
	return is;
}

/* How far that message has come, as its word; it stands on one row. */
static void way_is(struct stage *s, const char *text, const char *word)
{
	const char *row;
	size_t n;

	stage_expect(s, text);
	row = vt_row(s->vt, vt_find(s->vt, text));
	row = strstr(row, text) + strlen(text);
	row += strspn(row, " ");
	n = strlen(word);
	if (strncmp(row, word, n) != 0 || (n == 0 && row[0] != '|'))
		fail_msg("%s: %s, and not %s", text, row, word);
}

static void come_in(struct stage *s)
{
	static const char *const names[] = {"alice", "bob", NULL};

	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
}

/* An event of what was said with bob; `own` is the number of an own message. */
static void of_bob(struct stage *s, enum event_type type, uint8_t own,
    const char *text)
{
	struct order *o = &s->order;

	strcpy(o->with, "bob");
	o->event.id[0] = 0xee;
	o->event.id[1] = own;
	o->event.ts_ms = UINT64_C(1795005240000);
	o->event.text_len = strlen(text);
	strcpy(o->text, text);
	o->event.count = o->event.people = 1;
	stage_event(s, type, "bob", type == EVENT_HELD ? "ask" : NULL);
	stage_sync(s); /* before the next key */
}

static void say(struct stage *s, const char *text)
{
	vt_type(s->vt, text);
	vt_type(s->vt, "\r");
	stage_until_said(s);
	s->n_said = 0;
	stage_sync(s);
}

/* Three of ours: delivered, kept, on its way. */
static void play_marks(struct stage *s)
{
	say(s, "/msg bob the first");
	say(s, "the second");
	of_bob(s, EVENT_SENT, 1, "");
	of_bob(s, EVENT_SENT, 2, "");
	of_bob(s, EVENT_DELIVERED, 1, "");
	of_bob(s, EVENT_DELIVERED, 2, "");
	of_bob(s, EVENT_MESSAGE, 9, "An answer.");
	say(s, "the third");
	of_bob(s, EVENT_SENT, 3, "");
	say(s, "the fourth");
	of_bob(s, EVENT_DELIVERED, 1, ""); /* from another device: known */
}

static void play_held(struct stage *s)
{
	say(s, "/msg bob the code is 4711");
	of_bob(s, EVENT_SENT, 1, "");
	say(s, "and the door is red");
	s->order.person.trust = TRUST_CHANGED;
	of_bob(s, EVENT_CHANGED, 0, "");
	of_bob(s, EVENT_HELD, 0, "bob");
}

static void play_blocked(struct stage *s)
{
	say(s, "/msg bob are you there?");
	of_bob(s, EVENT_UNSAID, 1, "this person takes no messages of yours");
}

static void play_list(struct stage *s)
{
	of_bob(s, EVENT_MESSAGE, 1, "do you have the invoice?");
	of_bob(s, EVENT_MESSAGE, 2, "it is due");
}

static const struct scene {
	const char *name;
	void (*play)(struct stage *s);
} scenes[] = {{"talk-marks", play_marks}, {"talk-held", play_held},
    {"talk-blocked", play_blocked}, {"talk-list", play_list}};

static void test_windows(void **state)
{
	struct stage_opts o = {0};
	struct stage *s;
	size_t k;
	int i;

	(void)state;
	for (k = 0; k < sizeof(scenes) / sizeof(scenes[0]); k++)
		for (i = 0; i < 2 * SIZES; i++) {
			o.rows = sizes[i / 2].rows;
			o.cols = sizes[i / 2].cols;
			o.color = i % 2 != 0;
			s = stage_new(&o);
			come_in(s);
			scenes[k].play(s);
			golden(s, scenes[k].name, !o.color);
			/* Who is written to, and that nobody else reads it. */
			if (scenes[k].play != play_list) {
				assert_true(o.cols < 40 || has(s, "to bob"));
				assert_true(has(s, "sealed"));
				assert_true(has(s, "@bob>"));
			}
			stage_free(s);
		}
}

/* Whom a file goes to is whom the window is for. */
static void test_no_files(void **state)
{
	const struct stage_opts o = {.rows = 24, .cols = 100};
	struct stage *s = stage_new(&o);

	(void)state;
	come_in(s);
	vt_type(s->vt, "/files\r");
	stage_expect(s, "/send FILE sends one to everybody in the room");
	say(s, "/msg bob look at this");
	vt_type(s->vt, "/files\r");
	stage_expect(s, "/send FILE sends one to bob alone");
	stage_free(s);
}

/* The same words in ASCII, in whatever order the news comes. */
static void test_marks(void **state)
{
	const struct stage_opts o = {.rows = 24, .cols = 80, .ascii = true};
	struct stage *s = stage_new(&o);

	(void)state;
	come_in(s);
	play_marks(s);
	way_is(s, "the first", "");
	way_is(s, "the second", "delivered");
	way_is(s, "the third", "kept");
	way_is(s, "the fourth", "");
	assert_true(has(s, " ... "));
	/* A receipt may come before the server's answer about all devices. */
	of_bob(s, EVENT_DELIVERED, 4, "");
	of_bob(s, EVENT_SENT, 4, "");
	stage_sync(s);
	way_is(s, "the second", "");
	way_is(s, "the third", "kept");
	way_is(s, "the fourth", "delivered");
	of_bob(s, EVENT_DELIVERED, 3, "");
	stage_sync(s);
	way_is(s, "the third", "");
	/* Of a message that is not here. */
	of_bob(s, EVENT_DELIVERED, 77, "");
	of_bob(s, EVENT_SENT, 77, "");
	say(s, "/edit the last");
	way_is(s, "the last", "edited  delivered");
	stage_free(s);
}

/* What is held says so at the message until it is accepted or dropped. */
static void test_held(void **state)
{
	const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_new(&o);

	(void)state;
	come_in(s);
	play_held(s);
	stage_expect(s, " held  me       and the door is red");
	assert_true(has(s, "the code is 4711  kept"));
	of_bob(s, EVENT_SENT, 2, "");
	stage_expect(s, "and the door is red  kept");
	stage_expect_not(s, " held  me");
	stage_free(s);
}

/* Alt-W in a person's window is about that person; in a room m opens the window. A name
 * after a command is completed from all people, wherever one is. */
static void test_the_menu(void **state)
{
	const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_new(&o);

	(void)state;
	come_in(s);
	vt_type(s->vt, "\033wbo\rm");
	stage_expect(s, "@bob>");
	vt_type(s->vt, "/msg al\t");
	stage_expect(s, "@bob> /msg alice");
	vt_type(s->vt, "\025/msg b\t");
	stage_expect(s, "@bob> /msg bob");
	vt_type(s->vt, "\025\033wx");
	stage_sync(s);
	assert_int_equal(s->n_asked, 1);
	assert_int_equal(s->asked.type, REQUEST_BLOCK);
	assert_string_equal(s->asked.who, "bob");
	assert_true(s->asked.on);
	vt_type(s->vt, "\033wX");
	stage_sync(s);
	assert_int_equal(s->n_asked, 2);
	assert_string_equal(s->asked.who, "bob");
	assert_false(s->asked.on);
	stage_free(s);
}

/* The session ends by itself: what a person was written and the server does not have
 * stays on the terminal with their name, of a window that was closed too. */
static void test_the_end(void **state)
{
	const struct stage_opts o = {.rows = 24, .cols = 80};
	struct stage *s = stage_new(&o);

	(void)state;
	come_in(s);
	say(s, "/msg bob has arrived");
	of_bob(s, EVENT_SENT, 1, "");
	say(s, "on its way");
	vt_type(s->vt, "/leave\r");
	stage_sync(s);
	say(s, "/msg carol is waiting");
	vt_type(s->vt, "a draft");
	stage_event(s, EVENT_CLOSED, NULL, NULL);
	stage_sync(s);
	stage_send(s, ORDER_CLOSE);
	vt_expect(s->vt, "this was not sent to @bob:");
	vt_expect(s->vt, "on its way");
	vt_expect(s->vt, "this was not sent to @carol:");
	vt_expect(s->vt, "is waiting");
	vt_expect(s->vt, "a draft");
	assert_false(has(s, "has arrived"));
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_windows),
	    cmocka_unit_test(test_no_files),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_held),
	    cmocka_unit_test(test_the_menu),
	    cmocka_unit_test(test_the_end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui talk", tests, NULL, NULL);
}
