/* report.c - says what a transcript proves, and what it does not. */
#include "client/verify/report_int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/os/print.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"
#include "shared/wire/text.h"

enum { TEXT_MAX = 1 << 22, SHOWN_GAPS = 8 };

/* --- what is proved -------------------------------------------------------- */

static bool is_known(const struct report *r, const uint8_t fp[WIRE_HASH])
{
	size_t i;

	for (i = 0; i < r->known->n_people; i++)
		if (memcmp(r->known->person[i], fp, WIRE_HASH) == 0)
			return true;
	return false;
}

static bool right_server(const struct report *r, const struct check_facts *f)
{
	return !r->known->has_server || !f->has_head ||
	       memcmp(r->known->server, f->server, WIRE_HASH) == 0;
}

/* Whether each person whom the user knows has said something. */
static bool spoke(const struct report *r, const uint8_t fp[WIRE_HASH])
{
	const struct check_facts *f;
	size_t i, k;

	for (i = 0; i < r->n; i++)
		for (f = r->one[i].facts, k = 0; k < f->n_people; k++)
			if (memcmp(f->person[k].fingerprint, fp, WIRE_HASH) ==
			    0)
				return true;
	return false;
}

/* What is wrong with the i-th certificate: it has to be good for somebody. */
static enum certifier_fault bad_certificate(const struct report *r, size_t i)
{
	enum certifier_fault fault = CERTIFIER_KEY, now;
	size_t k;

	for (k = 0; k < r->n && fault != CERTIFIER_NONE; k++) {
		now = ca_check_file(&r->known->ca, i, r->one[k].facts);
		if (now != CERTIFIER_KEY)
			fault = now;
	}
	return fault;
}

bool report_proved(const struct report *r)
{
	const struct check_facts *f;
	size_t i;

	for (i = 0; i < r->n; i++) {
		f = r->one[i].facts;
		if (f->wrong || f->n_forks > 0 || !right_server(r, f) ||
		    r->one[i].part.parts)
			return false;
	}
	for (i = 0; i < r->known->n_people; i++)
		if (!spoke(r, r->known->person[i]))
			return false;
	for (i = 0; i < r->known->ca.n; i++)
		if (bad_certificate(r, i) != CERTIFIER_NONE)
			return false;
	return r->n > 0;
}

/* --- sentences -------------------------------------------------------------- */

void report_say(struct page *p, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (p->err == 0)
		p->err = buf_str(&p->out, line);
}

const char *report_fingerprint(char out[B64URL_32 + 1], const uint8_t fp[32])
{
	b64url_encode32(out, fp);
	return out;
}

static const char *report_file(char out[REPORT_NAME], const char *name)
{
	text_filter_fixed(out, REPORT_NAME, name, strlen(name));
	return out;
}

const char *report_time(char out[REPORT_TIME], uint64_t ms)
{
	const time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, REPORT_TIME, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(out, REPORT_TIME, "?");
	return out;
}

const char *report_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void report_people(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char fp[B64URL_32 + 1];
	const struct check_person *one;
	size_t i;

	for (i = 0; i < f->n_people; i++) {
		one = &f->person[i];
		report_say(p, "  %s: %" PRIu64 " message%s, by the key %s%s\n",
		    one->name, one->messages, report_plural(one->messages),
		    report_fingerprint(fp, one->fingerprint),
		    is_known(r, one->fingerprint) ? ", which you named" : "");
		if (ca_check_person(&r->known->ca, f, one) ==
		    CERTIFIER_NONE)
			report_say(p,
			    "    which is %s's, by a certificate of the CA "
			    "that was good when the last message says\n",
			    one->name);
		if (one->seen > 0)
			report_say(p,
			    "    signed that the log is this one up to entry "
			    "%" PRIu64 "\n",
			    one->seen);
	}
	if (f->more_people)
		report_say(p, "  and more people, who are not counted one by one\n");
}

/* What the server's own signatures say of the order and of what is missing. */
static void say_signed(struct page *p, const struct check_facts *f)
{
	char at[REPORT_TIME];

	if (f->checkpoints == 0)
		return;
	report_say(p,
	    "  The server signed its log up to entry %" PRIu64
	    " (at %s by its clock).\n",
	    f->signed_to, report_time(at, f->signed_ms));
	if (f->signed_first <= f->signed_to)
		report_say(p,
		    "  Complete from entry %" PRIu64 " to %" PRIu64
		    ", as the server signed.\n",
		    f->signed_first, f->signed_to);
}

static void say_proved(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char fp[B64URL_32 + 1];

	if (f->entries == 0) {
		report_say(p, "It has no entry.\n");
		return;
	}
	report_say(p,
	    "Proved: these %" PRIu64 " message%s and %" PRIu64
	    " notice%s of the server, signed by these keys, in this order, in "
	    "the room %s of the server %s%s.\n",
	    f->messages, report_plural(f->messages), f->notices, report_plural(f->notices),
	    f->head.room, report_fingerprint(fp, f->server),
	    r->known->has_server ? ", which you named" : "");
	if (f->n_gaps == 0)
		report_say(p,
		    "  Complete from entry %" PRIu64 " to %" PRIu64
		    " of the room's log.\n",
		    f->first, f->last);
	else
		report_say(p,
		    "  From entry %" PRIu64 " to %" PRIu64
		    " of the room's log, with %" PRIu64 " gap%s.\n",
		    f->first, f->last, f->n_gaps, report_plural(f->n_gaps));
	say_signed(p, f);
	report_people(p, r, f);
}

static void say_gaps(struct page *p, const struct check_facts *f)
{
	uint64_t i;

	for (i = 0; i < f->n_gaps && i < SHOWN_GAPS; i++)
		report_say(p,
		    "  - Entries %" PRIu64 " to %" PRIu64
		    " were not recorded.\n",
		    f->gap[i].first, f->gap[i].last);
	if (f->n_gaps > SHOWN_GAPS)
		report_say(p, "  - There are %" PRIu64 " more gaps.\n",
		    f->n_gaps - SHOWN_GAPS);
	if (f->digests > 0)
		report_say(p,
		    "  - Of %" PRIu64 " entr%s only the place in the log is "
		    "here: the writer was not given %s, or it was purged or "
		    "not valid.\n",
		    f->digests, f->digests == 1 ? "y" : "ies",
		    f->digests == 1 ? "it" : "them");
	if (f->missing > 0)
		report_say(p,
		    "  - %" PRIu64 " message%s between those of one sender %s "
		    "not in the log: the server has kept %s back.\n",
		    f->missing, report_plural(f->missing),
		    f->missing == 1 ? "is" : "are",
		    f->missing == 1 ? "it" : "them");
}

static void say_not_proved(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char from[REPORT_TIME], to[REPORT_TIME];

	report_say(p, "Not proved:\n");
	if (f->messages > 0)
		report_say(p,
		    "  - When: times are what the senders' clocks said (%s to "
		    "%s).\n",
		    report_time(from, f->from_ms), report_time(to, f->to_ms));
	report_say(p,
	    "  - Who: a key is a name only if you compared it with its owner "
	    "(--person FINGERPRINT), or a CA says so (--ca).\n");
	if (!r->known->has_server)
		report_say(p,
		    "  - Which server: compare its fingerprint with its owner "
		    "or an invite (--server FINGERPRINT).\n");
	report_say(p,
	    "  - What was said before entry %" PRIu64 " and after entry "
	    "%" PRIu64 ", and who read it.\n",
	    f->first, f->last);
	say_gaps(p, f);
}

static void say_wrong(
    struct page *p, const struct report *r, const struct check_facts *f)
{
	char name[REPORT_NAME];

	report_say(p, "NOT PROVED: %s, line %" PRIu64 ": %s.\n",
	    report_file(name, r->file[f->wrong_file]), f->wrong_line, f->why);
	report_say(p, f->lines > 0
		   ? "What comes before it is right, and what follows was "
		     "not looked at.\n"
		   : "Nothing was checked.\n");
}

static void say_fork(struct page *p, const struct check_facts *f)
{
	if (f->n_forks > 0 && strcmp(f->fork_who, "server") == 0)
		report_say(p,
		    "NOT ONE LOG: the server signed in entry %" PRIu64
		    " that entries up to %" PRIu64 " are others than here: it "
		    "showed two people two conversations.\n",
		    f->fork_entry, f->fork_at);
	else if (f->n_forks > 0)
		report_say(p,
		    "NOT ONE LOG: %s signed in entry %" PRIu64
		    " that entries up to %" PRIu64 " are others than here: the "
		    "server showed two people two conversations, or the "
		    "program of one of them lies.\n",
		    f->fork_who, f->fork_entry, f->fork_at);
}

static void say_part(struct page *p, const struct report_transcript *t)
{
	const struct part_result *x = &t->part;

	if (!t->compared)
		return;
	if (t->facts->head.direct) {
		report_direct_both(p, t);
	} else if (x->parts) {
		report_say(p, "TWO LOGS: it and transcript %u part at entry %" PRIu64,
		    t->with + 1, x->at);
		if (x->common > 0)
			report_say(p,
			    " (they are one from %" PRIu64 " to %" PRIu64 ")",
			    x->first, x->agreed);
		report_say(p,
		    ". What each proves is proved: the server showed the two "
		    "writers two conversations, or was restored from a backup "
		    "in between.\n");
	} else if (x->common > 0) {
		report_say(p,
		    "It and transcript %u have one log, from entry %" PRIu64
		    " to %" PRIu64 ".\n",
		    t->with + 1, x->first, x->agreed);
	} else {
		report_say(p,
		    "It and transcript %u are of one log, but have no entry in "
		    "common.\n",
		    t->with + 1);
	}
}

static void say_one(struct page *p, const struct report *r, size_t i)
{
	const struct report_transcript *t = &r->one[i];
	const struct check_facts *f = t->facts;
	char name[REPORT_NAME], fp[B64URL_32 + 1];
	unsigned k;

	report_say(p, "%sTranscript %zu:", i > 0 ? "\n" : "", i + 1);
	for (k = 0; k < f->files; k++)
		report_say(p, " %s", report_file(name, r->file[t->first + k]));
	report_say(p, "\n");
	if (f->has_head)
		report_say(p, "Written by %s, by their own word (key %s).\n",
		    f->head.name, report_fingerprint(fp, f->writer));
	if (!right_server(r, f))
		report_say(p,
		    "NOT PROVED: its server is %s, and not the one that you "
		    "named.\n",
		    report_fingerprint(fp, f->server));
	if (f->wrong)
		say_wrong(p, r, f);
	say_fork(p, f);
	if (f->lines > 0 && f->head.direct) {
		report_direct(p, r, f);
	} else if (f->lines > 0) {
		say_proved(p, r, f);
		say_not_proved(p, r, f);
	}
	say_part(p, t);
}

int report_print(const struct report *r, struct errmsg *why)
{
	struct page p = {.err = 0};
	char fp[B64URL_32 + 1], name[REPORT_NAME];
	size_t i;

	buf_init(&p.out, TEXT_MAX);
	for (i = 0; i < r->n; i++)
		say_one(&p, r, i);
	for (i = 0; i < r->known->n_people; i++)
		if (!spoke(r, r->known->person[i]))
			report_say(&p,
			    "NOT PROVED: the key %s, which you named, has said "
			    "nothing.\n",
			    report_fingerprint(fp, r->known->person[i]));
	for (i = 0; i < r->known->ca.n; i++)
		if (bad_certificate(r, i) != CERTIFIER_NONE)
			report_say(&p,
			    "NOT PROVED: the certificate in %s is not good for "
			    "anybody who has said something: %s.\n",
			    report_file(name, r->known->ca.file[i]),
			    certifier_str(bad_certificate(r, i)));
	if (p.err == 0)
		p.err = print_text(p.out.p, p.out.len, why);
	else
		errmsg_set(why, p.err, "%s", err_str(p.err));
	buf_free(&p.out);
	return p.err;
}

/* --- JSON ------------------------------------------------------------------- */

static void put_fp(struct json_w *w, const char *key, const uint8_t fp[32])
{
	char text[B64URL_32 + 1];

	json_put_str(w, key, report_fingerprint(text, fp));
}

static void put_people(
    struct json_w *w, const struct report *r, const struct check_facts *f)
{
	size_t i;

	json_open_arr(w, "people");
	for (i = 0; i < f->n_people; i++) {
		json_open_obj(w, NULL);
		json_put_str(w, "name", f->person[i].name);
		put_fp(w, "fingerprint", f->person[i].fingerprint);
		json_put_bool(
		    w, "named", is_known(r, f->person[i].fingerprint));
		if (r->known->ca.path != NULL)
			json_put_bool(w, "certified",
			    ca_check_person(&r->known->ca, f,
				&f->person[i]) == CERTIFIER_NONE);
		json_put_u63(w, "messages", f->person[i].messages);
		json_put_u63(w, "log_to", f->person[i].seen);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_gaps(struct json_w *w, const struct check_facts *f)
{
	uint64_t i;

	json_open_arr(w, "gaps");
	for (i = 0; i < f->n_gaps && i < CHECK_GAPS; i++) {
		json_open_obj(w, NULL);
		json_put_u63(w, "first", f->gap[i].first);
		json_put_u63(w, "last", f->gap[i].last);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_head(
    struct json_w *w, const struct report *r, const struct check_facts *f)
{
	if (!f->has_head)
		return;
	if (f->head.direct) {
		json_put_str(w, "with", f->head.with);
	} else {
		json_put_str(w, "room", f->head.room);
		json_put_b64(w, "log", f->head.log, WIRE_LOG);
	}
	put_fp(w, "server", f->server);
	json_put_bool(
	    w, "server_named", r->known->has_server && right_server(r, f));
	json_put_str(w, "writer", f->head.name);
	put_fp(w, "writer_fingerprint", f->writer);
}

static void put_facts(
    struct json_w *w, const struct report *r, const struct check_facts *f)
{
	put_head(w, r, f);
	json_put_u63(w, "lines", f->lines);
	if (f->head.direct) {
		report_direct_json(w, f);
		put_people(w, r, f);
		return;
	}
	json_put_u63(w, "entries", f->entries);
	json_put_u63(w, "messages", f->messages);
	json_put_u63(w, "notices", f->notices);
	json_put_u63(w, "digests", f->digests);
	json_put_u63(w, "missing", f->missing);
	json_put_u63(w, "first", f->first);
	json_put_u63(w, "last", f->last);
	json_put_b64(w, "chain", f->chain, WIRE_HASH);
	json_put_bool(w, "ended", f->ended);
	put_gaps(w, f);
	put_people(w, r, f);
	if (f->checkpoints > 0) {
		json_open_obj(w, "signed");
		json_put_u63(w, "checkpoints", f->checkpoints);
		json_put_u63(w, "first", f->signed_first);
		json_put_u63(w, "to", f->signed_to);
		json_put_u63(w, "ts", f->signed_ms);
		json_close(w, '}');
	}
	if (f->n_forks > 0) {
		json_open_obj(w, "fork");
		json_put_str(w, "who", f->fork_who);
		json_put_u63(w, "entry", f->fork_entry);
		json_put_u63(w, "offset", f->fork_at);
		json_close(w, '}');
	}
}

static void put_one(
    struct json_w *w, const struct report *r, const struct report_transcript *t)
{
	const struct check_facts *f = t->facts;
	char name[REPORT_NAME];
	unsigned k;

	json_open_obj(w, NULL);
	json_open_arr(w, "files");
	for (k = 0; k < f->files; k++)
		json_put_str(w, NULL, report_file(name, r->file[t->first + k]));
	json_close(w, ']');
	put_facts(w, r, f);
	if (f->wrong) {
		json_open_obj(w, "wrong");
		json_put_str(
		    w, "file", report_file(name, r->file[f->wrong_file]));
		json_put_u63(w, "line", f->wrong_line);
		json_put_str(w, "text", f->why);
		json_close(w, '}');
	}
	if (t->compared) {
		json_open_obj(w, "compared");
		json_put_u63(w, "with", t->with);
		json_put_u63(w, "common", t->part.common);
		if (f->head.direct) {
			json_put_u63(w, "only_there", t->part.only_a);
			json_put_u63(w, "only_here", t->part.only_b);
			json_close(w, '}');
			json_close(w, '}');
			return;
		}
		json_put_u63(w, "first", t->part.first);
		json_put_u63(w, "agreed", t->part.agreed);
		if (t->part.parts)
			json_put_u63(w, "parts", t->part.at);
		json_close(w, '}');
	}
	json_close(w, '}');
}

int report_json(const struct report *r, struct errmsg *why)
{
	struct buf out;
	struct json_w w;
	size_t i;
	int e;

	buf_init(&out, TEXT_MAX);
	json_begin(&w, &out);
	json_put_bool(&w, "proved", report_proved(r));
	json_open_arr(&w, "transcripts");
	for (i = 0; i < r->n; i++)
		put_one(&w, r, &r->one[i]);
	json_close(&w, ']');
	if ((e = json_end(&w)) == 0 && (e = buf_u8(&out, '\n')) == 0)
		e = print_text(out.p, out.len, why);
	else
		errmsg_set(why, e, "%s", err_str(e));
	buf_free(&out);
	return e;
}
