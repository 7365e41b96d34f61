/* What tests of the session expect: what the user was told, and what the server
 * got. */
#include <stdarg.h>

#include "tests/unit/fake_server.h"

static void check_lines(struct lines *l, const char *what, va_list ap)
{
	const char *want;

	while ((want = va_arg(ap, const char *)) != NULL) {
		if (l->next == l->n)
			fail_msg("%s: wanted \"%s\", nothing came", what, want);
		if (strcmp(l->text[l->next], want) != 0)
			fail_msg("%s: wanted \"%s\", got \"%s\"", what, want,
			    l->text[l->next]);
		l->next++;
	}
	if (l->next != l->n)
		fail_msg("%s: \"%s\" came, nothing was wanted", what,
		    l->text[l->next]);
	lines_free(l);
}

void check_events(struct world *w, ...)
{
	va_list ap;

	world_drain(w);
	va_start(ap, w);
	check_lines(&w->events, "event", ap);
	va_end(ap);
}

void check_got(struct world *w, ...)
{
	va_list ap;

	va_start(ap, w);
	check_lines(&w->fake.got, "the server", ap);
	va_end(ap);
}

void check_breach(struct world *w, int err)
{
	char closed[256];

	snprintf(closed, sizeof(closed),
	    "closed 6 protocol: the server broke the protocol: %s",
	    err_str(err));
	world_pump(w);
	check_events(w, closed, NULL);
	check_got(w, "bye protocol", NULL);
	assert_int_equal(session_needs(w->s), SESSION_NEED_NOTHING);
	assert_int_equal(session_deadline(w->s), UINT64_MAX);
}
