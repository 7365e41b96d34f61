/* report_direct.c - says what a transcript of direct messages proves, and what it does
 * not. */
#include <inttypes.h>

#include "client/verify/report_int.h"

static void say_pairs(struct page *p, const struct check_facts *f)
{
	char from[B64URL_32 + 1], to[B64URL_32 + 1];
	size_t i;

	for (i = 0; i < f->n_pairs; i++)
		report_say(p,
		    "  from %s (%s) to %s (%s): %" PRIu64 " frame%s\n",
		    f->pair[i].from_name,
		    report_fingerprint(from, f->pair[i].from),
		    f->pair[i].to_name, report_fingerprint(to, f->pair[i].to),
		    f->pair[i].frames, report_plural(f->pair[i].frames));
	if (f->more_pairs)
		report_say(p, "  and between more keys\n");
}

static void say_proved(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char fp[B64URL_32 + 1];

	report_say(p,
	    "Proved: these %" PRIu64 " direct message%s, each signed by its "
	    "sender's key for the key it was sealed for, on the server %s%s.\n",
	    f->messages, report_plural(f->messages),
	    report_fingerprint(fp, f->server),
	    r->known->has_server ? ", which you named" : "");
	report_people(p, r, f);
	say_pairs(p, f);
	if (f->shown > 0)
		report_say(p,
		    "  For %" PRIu64 " of them, the recipient's key has signed "
		    "that %s shown.\n",
		    f->shown, f->shown == 1 ? "it was" : "they were");
	if (f->copies > 0)
		report_say(p,
		    "  %" PRIu64 " of them %s from one device of the writer's "
		    "to another: what was written, and not whether it was "
		    "sent.\n",
		    f->copies, f->copies == 1 ? "is a copy" : "are copies");
}

static void say_not_proved(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char from[REPORT_TIME], to[REPORT_TIME];

	report_say(p, "Not proved:\n");
	report_say(p, "  - In which order, and that none is missing: direct "
		      "messages have "
		      "no log, and the writer chose what is here.\n");
	report_say(p,
	    "  - When: times are what the senders' clocks said (%s to %s).\n",
	    report_time(from, f->from_ms), report_time(to, f->to_ms));
	report_say(p,
	    "  - Who: no signature covers the names, which the writer has from "
	    "the server. A key is a name only if you compared it with its "
	    "owner (--person FINGERPRINT), or a CA says so (--ca).\n");
	if (!r->known->has_server)
		report_say(p,
		    "  - Which server: compare its fingerprint with its owner "
		    "or an invite (--server FINGERPRINT).\n");
	if (f->messages > f->shown)
		report_say(p,
		    "  - That all arrived: for %" PRIu64 " of them, no recipient "
		    "has signed that.\n",
		    f->messages - f->shown);
}

void report_direct(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	if (f->messages == 0) {
		report_say(p, "It has no message.\n");
		return;
	}
	say_proved(p, r, f);
	say_not_proved(p, r, f);
}

void report_direct_both(struct page *p, const struct report_transcript *t)
{
	const struct part_result *x = &t->part;

	report_say(p,
	    "It and transcript %u are the two ends of one conversation: "
	    "%" PRIu64
	    " frame%s between the two writers' keys %s in both, the same.\n",
	    t->with + 1, x->common, report_plural(x->common),
	    x->common == 1 ? "is" : "are");
	if (x->only_a + x->only_b > 0)
		report_say(p,
		    "%" PRIu64 " more %s only in transcript %u, and %" PRIu64
		    " only in this one: not recorded by the other, not "
		    "arrived, "
		    "or left out. Each proves itself all the same.\n",
		    x->only_a, x->only_a == 1 ? "is" : "are", t->with + 1,
		    x->only_b);
}

void report_direct_json(struct json_w *w, const struct check_facts *f)
{
	char fp[B64URL_32 + 1];
	size_t i;

	json_put_u63(w, "frames", f->entries);
	json_put_u63(w, "messages", f->messages);
	json_put_u63(w, "copies", f->copies);
	json_put_u63(w, "shown", f->shown);
	json_put_bool(w, "ended", f->ended);
	json_open_arr(w, "pairs");
	for (i = 0; i < f->n_pairs; i++) {
		json_open_obj(w, NULL);
		json_put_str(w, "from", f->pair[i].from_name);
		json_put_str(w, "from_fingerprint",
		    report_fingerprint(fp, f->pair[i].from));
		json_put_str(w, "to", f->pair[i].to_name);
		json_put_str(
		    w, "to_fingerprint", report_fingerprint(fp, f->pair[i].to));
		json_put_u63(w, "frames", f->pair[i].frames);
		json_close(w, '}');
	}
	json_close(w, ']');
}
