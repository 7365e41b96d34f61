/* Compares whole screens with files (tui_golden.h): messages that were answered,
 * edited, deleted and reacted to, people under headings, and the menus; each at
 * 100x30, 80x24 and 40x10, with and without colour. Also the rows of the column
 * of people. */
#include "tests/unit/tui_golden.h"

#include "client/ui/tui/column.h"

static const struct {
	int rows, cols;
} sizes[] = {{30, 100}, {24, 80}, {10, 40}};
enum { SIZES = 3 };

/* --- scenes --------------------------------------------------------------- */

static const char *const names[] = {"alice", "dave", "ben", "carol", NULL};

/* me owns the room, ben is its operator, carol a guest, dave is muted. */
static void enter(struct stage *s)
{
	struct room *r = &s->order.room;

	r->people[0].role = ROLE_OWNER;
	r->people[3].role = ROLE_OPERATOR;
	r->people[4].role = ROLE_GUEST;
	r->people[1].role = r->people[2].role = ROLE_MEMBER;
	r->people[3].trust = TRUST_VERIFIED;
	r->muted[2] = true;
	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
}

/* A message with an id; `about` another, 0: none. */
static void send_event(struct stage *s, enum event_type type, const char *name,
    uint8_t id, uint8_t about, const char *text)
{
	struct order *o = &s->order;
	struct event *e = &o->event;

	e->id[0] = id;
	e->has_about = about != 0;
	e->about[0] = about;
	e->ts_ms = UINT64_C(1795005240000);
	e->text_len = strlen(text);
	memcpy(o->text, text, e->text_len);
	memset(o->person.fingerprint, name[0], WIRE_HASH);
	if (about != 0) /* of alice's messages */
		memset(e->author, 'a', WIRE_HASH);
	stage_event(s, type, name, NULL);
}

static void play_messages(struct stage *s)
{
	send_event(s, EVENT_MESSAGE, "alice", 1, 0,
	    "The restore test is on Thursday, in the small room; whoever has "
	    "never done one should do it by hand.");
	send_event(s, EVENT_MESSAGE, "ben", 2, 1, "me: could you look at it?");
	send_event(s, EVENT_MESSAGE, "alice", 3, 0, "a tpyo");
	send_event(s, EVENT_EDIT, "alice", 0, 3, "a typo");
	send_event(s, EVENT_MESSAGE, "alice", 4, 0, "too much said");
	send_event(s, EVENT_DELETE, "alice", 0, 4, "");
	send_event(s, EVENT_REACT, "ben", 0, 1, "\xf0\x9f\x91\x8d");
	send_event(s, EVENT_REACT, "carol", 0, 1, "\xf0\x9f\x91\x8d");
	stage_sync(s);
}

static void play_choose(struct stage *s)
{
	play_messages(s);
	vt_type(s->vt, "\033s\033[A");
}

static void play_go(struct stage *s)
{
	stage_enter(s, 1, "ops");
	stage_enter(s, 2, "dev");
	stage_message_at(s, 2, "alice", "me: look");
	stage_sync(s);
	vt_type(s->vt, "\033g\033[B");
}

static void play_who(struct stage *s)
{
	vt_type(s->vt, "a draft\033w");
}

static void play_person(struct stage *s)
{
	vt_type(s->vt, "a draft\033wben\r");
}

static void play_room(struct stage *s)
{
	vt_type(s->vt, "a draft\033o");
}

static void play_mute(struct stage *s)
{
	vt_type(s->vt, "a draft\033wben\rM2h");
}

/* Comings and goings with their keys are one line that grows, until somebody
 * speaks. */
static void play_fold(struct stage *s)
{
	static const char *const came[] = {
	    "erin", "fred", "gina", "hugo", "ines", "jack", "kim"};
	size_t i;

	send_event(s, EVENT_MESSAGE, "alice", 1, 0, "Is everybody here?");
	for (i = 0; i < sizeof(came) / sizeof(came[0]); i++) {
		stage_event(s, EVENT_JOIN, came[i], NULL);
		s->order.event.epoch = 8 + (uint32_t)i;
		stage_event(s, EVENT_EPOCH, NULL, "join");
	}
	stage_event(s, EVENT_LEAVE, "fred", "leave");
	s->order.event.epoch = 15;
	stage_event(s, EVENT_EPOCH, NULL, "leave");
	send_event(s, EVENT_MESSAGE, "ben", 2, 0, "All but fred.");
	stage_event(s, EVENT_LEAVE, "gina", "leave");
	s->order.event.epoch = 16;
	stage_event(s, EVENT_EPOCH, NULL, "leave");
	stage_sync(s);
}

/* A URL stands whole on a row of its own where it fits from the left edge. */
static void play_url(struct stage *s)
{
	send_event(s, EVENT_MESSAGE, "alice", 1, 0,
	    "The second disk: https://wiki.example.org/ops/disks/second#table-3"
	    " has the numbers.");
	send_event(s, EVENT_MESSAGE, "ben", 2, 0,
	    "me: look: https://wiki.example.org/ops/disks/second/with/a/path/"
	    "that/is/longer/than/most/windows/are/wide?and=a&query=too#table-3");
	send_event(s, EVENT_MESSAGE, "ben", 3, 0, "https://example.org/");
	stage_sync(s);
}

/* A message that somebody who came meanwhile would read: it waits for the
 * user. */
static void play_held(struct stage *s)
{
	send_event(s, EVENT_MESSAGE, "alice", 1, 0, "What is the code?");
	stage_sync(s);
	vt_type(s->vt, "the alarm code is 4711\r");
	stage_expect_said(s, "the alarm code is 4711", false);
	s->order.room.status.held = 1;
	stage_room(s, 7, names);
	s->order.event.count = 1;
	s->order.event.people = 1;
	strcpy(s->order.text, "erin");
	stage_event(s, EVENT_HELD, NULL, "ask");
	stage_sync(s);
	vt_type(s->vt, "does anybody");
}

static const struct scene {
	const char *name;
	void (*play)(struct stage *s);
} scenes[] = {{"messages", play_messages}, {"choose", play_choose},
    {"go", play_go}, {"who", play_who}, {"person", play_person},
    {"room", play_room}, {"mute", play_mute}, {"fold", play_fold},
    {"url", play_url}, {"held", play_held}};

static void test_screens(void **state)
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
			enter(s);
			stage_sync(s);
			scenes[k].play(s);
			golden(s, scenes[k].name, !o.color);
			stage_free(s);
		}
}

/* --- the column ----------------------------------------------------------- */

static struct person person(const char *name, enum role role)
{
	struct person p = {.role = role, .voice = true};

	snprintf(p.name, sizeof(p.name), "%s", name);
	return p;
}

/* "owners/ me/members/ ann/+3" */
static void rows_are(
    const struct person *p, size_t n, size_t max, const char *want)
{
	struct column_row rows[COLUMN_ROWS_MAX];
	char got[512] = "", one[64];
	size_t i, left, k = column_rows(rows, max, p, n, &left);

	assert_true(k <= max);
	for (i = 0; i < k; i++) {
		if (rows[i].heading != NULL)
			snprintf(one, sizeof(one), "%s/", rows[i].heading);
		else
			snprintf(one, sizeof(one), " %s%s%s/",
			    rows[i].person->name,
			    rows[i].mark[0] != '\0' ? " " : "", rows[i].mark);
		strcat(got, one);
	}
	if (left > 0)
		snprintf(got + strlen(got), 32, "+%zu", left);
	assert_string_equal(got, want);
}

static void test_headings(void **state)
{
	struct person p[5];

	(void)state;
	p[0] = person("zoe", ROLE_MEMBER);
	p[1] = person("Ben", ROLE_OPERATOR);
	p[2] = person("ann", ROLE_MEMBER);
	p[3] = person("carl", ROLE_GUEST);
	p[4] = person("me", ROLE_MEMBER);
	p[2].voice = false;
	p[4].self = true;
	rows_are(p, 5, 20,
	    "operators/ Ben/members/ me/ ann muted/ zoe/guests/ carl/");
	rows_are(p, 5, 8, /* all of it fits exactly */
	    "operators/ Ben/members/ me/ ann muted/ zoe/guests/ carl/");
	rows_are(p, 5, 7, "operators/ Ben/members/ me/ ann muted/ zoe/+1");
	/* No heading without a person. */
	rows_are(p, 5, 4, "operators/ Ben/+4");
	rows_are(p, 5, 1, "+5");
	rows_are(p, 5, 0, "+5");
	rows_are(p, 0, 5, "");
	assert_int_equal(column_width(p, 5, 20), 10); /* " ann muted" */
}

/* Somebody with several connections has one row, at which the one with a changed
 * key counts. */
static void test_one_row_for_a_name(void **state)
{
	struct person p[6];

	(void)state;
	p[0] = person("zoe", ROLE_MEMBER);
	p[1] = person("ann", ROLE_MEMBER);
	p[2] = person("me", ROLE_MEMBER);
	p[3] = person("Zoe", ROLE_MEMBER);
	p[4] = person("ME", ROLE_MEMBER);
	p[5] = person("zoe", ROLE_MEMBER);
	p[2].self = true;
	p[5].trust = TRUST_CHANGED;
	rows_are(p, 6, 5, " me (2)/ ann/ zoe (3)/");
	assert_int_equal(column_width(p, 6, 5), 8);
	p[0].role = p[3].role = p[5].role = ROLE_OPERATOR;
	rows_are(p, 6, 9, "operators/ zoe (3)/members/ me (2)/ ann/");
	p[4].trust = TRUST_CHANGED;
	rows_are(p, 6, 9, "operators/ zoe (3)/members/ ME (2)/ ann/");
}

static void test_members_alone_have_no_heading(void **state)
{
	struct person p[2];

	(void)state;
	p[0] = person("zoe", ROLE_MEMBER);
	p[1] = person("ann", ROLE_MEMBER);
	rows_are(p, 2, 5, " ann/ zoe/");
	assert_int_equal(column_width(p, 2, 5), 4);
}

/* A crowd stays in its order, and whoever has no row is not looked at. */
static void test_crowd(void **state)
{
	struct person *p = calloc(COLUMN_SORTED_MAX + 1, sizeof(*p));
	size_t i;

	(void)state;
	assert_non_null(p);
	for (i = 0; i <= COLUMN_SORTED_MAX; i++)
		p[i] = person(i == 0 ? "zoe" : "ann", ROLE_MEMBER);
	p[0].role = ROLE_OWNER;
	rows_are(p, COLUMN_SORTED_MAX + 1, 3, " zoe owner/ ann/+255");
	assert_int_equal(column_width(p, COLUMN_SORTED_MAX + 1, 3), 10);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_screens),
	    cmocka_unit_test(test_headings),
	    cmocka_unit_test(test_one_row_for_a_name),
	    cmocka_unit_test(test_members_alone_have_no_heading),
	    cmocka_unit_test(test_crowd),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tui screens 2", tests, NULL, NULL);
}
