/* One thing that a server must not do, done. */
#include "tests/unit/breach.h"

void breach_closed(struct world *w, int err)
{
	struct lines *l = &w->events;
	char closed[256];

	snprintf(closed, sizeof(closed),
	    "closed 6 protocol: the server broke the protocol: %s",
	    err_str(err));
	assert_true(l->n > 0);
	assert_string_equal(l->text[l->n - 1], closed);
	check_got(w, "bye protocol", NULL);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	assert_int_equal(session_deadline(w->s), UINT64_MAX);
}

void breach(void **state)
{
	const struct breach_row *row = *state;
	struct world *w = world_new();

	if (row->in_room)
		world_join(w, 2);
	else
		world_connect(w);
	if (row->said) {
		world_say(w, "one");
		world_pump(w);
		fake_ack(&w->fake, 1);
		world_pump(w);
		check_got(w, "message 4 1 one", NULL);
	}
	row->fn(&w->fake);
	world_pump(w);
	breach_closed(w, row->err);
	world_free(w);
}
