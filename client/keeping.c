/* Begins and ends transcripts, and reports what fails. */
#include "client/keeping.h"

#include <string.h>

#include "shared/os/clock.h"
#include "shared/os/exit.h"

int keeping_open(struct keeping *k, const struct client_options *o,
    struct crypto *crypto, const struct identity *identity,
    struct helper *helper)
{
	const struct transcripts_opts to = {
	    .crypto = crypto,
	    .helper = helper,
	    .folder = o->transcript,
	    .name = o->name,
	    .identity = identity_public(identity),
	    .size_max = o->transcript_size,
	    .wall_ms = clock_real_ms,
	};

	k->folder = o->transcript != NULL ? o->transcript : "";
	k->files = transcripts_new(&to);
	return k->files != NULL ? 0 : ERR_NOMEM;
}

void keeping_close(struct keeping *k)
{
	transcripts_free(k->files);
	k->files = NULL;
}

static void tell(const struct keeping *k, bool direct, bool on)
{
	const struct event e = {.type = EVENT_TRANSCRIPT,
	    .may = on,
	    .reason = direct ? "direct" : "",
	    .text = k->folder,
	    .text_len = strlen(k->folder)};

	k->ops->event(k->ui, &e);
}

int keeping_set(
    const struct keeping *k, bool direct, bool on, struct errmsg *why)
{
	const bool was = transcripts_on(k->files, direct);
	bool now;
	int r;

	r = on ? transcripts_start(k->files, direct, why)
	       : transcripts_stop(k->files, direct, why);
	now = transcripts_on(k->files, direct);
	if (direct)
		session_keep_direct(k->session, now);
	else
		session_keep(k->session, now);
	if (now || was)
		tell(k, direct, now);
	return r;
}

static void failed(const struct keeping *k, const char *why)
{
	const struct event e = {.type = EVENT_ERROR,
	    .code = CODE_NONE,
	    .word = "transcript",
	    .text = why,
	    .text_len = strlen(why)};

	k->ops->event(k->ui, &e);
	outcome_fail(k->outcome, EXIT_FAILED, "transcript", why);
}

bool keeping_begin(const struct keeping *k, const struct client_options *o)
{
	struct errmsg why;

	if ((!o->keeps || keeping_set(k, false, true, &why) == 0) &&
	    (!o->keeps_direct || keeping_set(k, true, true, &why) == 0))
		return true;
	failed(k, why.text);
	return false;
}

static void give_up(const struct keeping *k, const char *why)
{
	struct errmsg more;

	failed(k, why);
	(void)!keeping_set(k, false, false, &more);
	(void)!keeping_set(k, true, false, &more);
}

bool keeping_event(const struct keeping *k, const struct event *e)
{
	struct errmsg why;

	if (transcripts_event(k->files, e, &why) != 0)
		give_up(k, why.text);
	return e->type == EVENT_ENTRY;
}

void keeping_flush(const struct keeping *k)
{
	struct errmsg why;

	if (transcripts_flush(k->files, &why) != 0)
		give_up(k, why.text);
}

void keeping_end(const struct keeping *k)
{
	struct errmsg why;
	int direct;

	for (direct = 0; direct < 2; direct++)
		if (transcripts_on(k->files, direct) &&
		    transcripts_stop(k->files, direct, &why) != 0)
			failed(k, why.text);
}
