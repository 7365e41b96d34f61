/* trust.c - looks a name up in the room and in known_people, and writes the
 * user's decisions to both. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/wire/b64.h"
#include "shared/wire/text.h"
#include "client/trust/trust.h"

static void tell_line(const struct trust_sink *tell, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void tell_line(const struct trust_sink *tell, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	tell->fn(tell->arg, line);
}

/* Finds somebody in a room other than the user; NULL with a sentence. */
static const struct person *other(const struct trust_scope *in,
    const char *name, size_t n, char *sentence, size_t size)
{
	struct trust_target w;

	if (!trust_find(&w, in, name, n, sentence, size))
		return NULL;
	if (w.person == NULL)
		snprintf(sentence, size, "%s is not in %s", w.name,
		    trust_find_where(in));
	else if (w.person->self)
		snprintf(sentence, size, "that is you");
	else
		return w.person;
	return NULL;
}

/* --- /whois -------------------------------------------------------------- */

static void tell_pinned(const struct trust_sink *tell, const char *name,
    const struct pinned *pin, bool changed)
{
	const char *since = pin->since[0] != '\0' ? " since " : "";
	char fp[B64URL_32 + 1];

	if (changed) {
		b64url_encode32(fp, pin->identity);
		tell_line(tell,
		    "WARNING: %s's key has changed; the old one was "
		    "%s%s%s: %s",
		    name, pin->verified ? "verified" : "known", since,
		    pin->since, fp);
		tell_line(tell,
		    "call them: /verify %s compares the new key, /trust %s "
		    "accepts it",
		    name, name);
	} else if (pin->certified) {
		tell_line(tell, "known%s%s by a certificate, not compared", since,
		    pin->since);
	} else if (pin->verified) {
		tell_line(tell, "verified%s%s: you compared the key", since,
		    pin->since);
	} else {
		tell_line(tell,
		    "known%s%s, not verified: /verify %s compares the key",
		    since, pin->since, name);
	}
}

/* The keys of the name besides that of the person, or the first that is pinned. */
static void tell_other_keys(const struct trust_sink *tell,
    const struct trust_scope *in, const struct trust_target *w)
{
	const uint8_t *told =
	    w->person != NULL ? w->person->fingerprint : w->pinned.identity;
	bool changed = w->person != NULL && w->person->trust == TRUST_CHANGED;
	char fp[B64URL_32 + 1];
	struct trust_key k;
	size_t i;

	for (i = 0; trust_find_key(&k, in, w, i); i++) {
		if (memcmp(k.identity, told, WIRE_HASH) == 0 ||
		    (changed && w->known &&
			memcmp(k.identity, w->pinned.identity, WIRE_HASH) == 0))
			continue;
		b64url_encode32(fp, k.identity);
		if (k.person != NULL && k.person->self)
			tell_line(tell, "this device has the key %s", fp);
		else
			tell_line(tell,
			    "another device%s has the key %s: %s%s%s",
			    k.person != NULL ? " here" : "", fp,
			    k.verified ? "verified"
			    : k.pinned ? "known"
				       : "NOT known",
			    k.since[0] != '\0' ? " since " : "", k.since);
	}
}

static void tell_unpinned(const struct trust_sink *tell, const struct person *p)
{
	if (p->trust == TRUST_CHANGED)
		tell_line(tell,
		    "WARNING: another key has used this name since you came: "
		    "/verify %s compares this one",
		    p->name);
	else if (p->spoke)
		tell_line(tell,
		    "new: known_people has no room for this key; /verify %s "
		    "compares and keeps it",
		    p->name);
	else
		tell_line(tell,
		    "new: this key is kept once %s speaks; /verify %s compares "
		    "and keeps it",
		    p->name, p->name);
}

/* Nothing where nobody is trusted to certify people (--ca FILE). */
static void tell_certificate(
    const struct trust_sink *tell, const struct person *p)
{
	switch (p->certified) {
	case CERTIFIED_ABSENT:
		tell_line(tell, "they have no certificate");
		break;
	case CERTIFIED_BAD:
		tell_line(tell, "not certified: %s", certifier_str(p->fault));
		break;
	case CERTIFIED_GOOD:
		tell_line(tell,
		    "certified: a CA that you trust (--ca) says that this is the "
		    "key of %s",
		    p->name);
		break;
	default:
		break;
	}
}

/* ", in den,", for somebody who is not in the room where the user asks. */
enum { ELSEWHERE_MAX = WIRE_ROOM_MAX + 24 };
static const char *elsewhere(char out[ELSEWHERE_MAX],
    const struct trust_scope *in, const struct trust_target *w)
{
	struct session_room_status st;

	out[0] = '\0';
	if (w->room == in->room)
		return out;
	if (w->room == NULL) {
		snprintf(out, ELSEWHERE_MAX, ", in no room of yours,");
		return out;
	}
	session_room_status(in->session, w->room, &st);
	snprintf(out, ELSEWHERE_MAX, ", in %s,", st.name);
	return out;
}

void trust_whois(const struct trust_scope *in, const char *name, size_t n,
    const struct trust_sink *tell)
{
	char sentence[160], fp[B64URL_32 + 1], room[ELSEWHERE_MAX];
	const struct person *p;
	struct trust_target w;

	if (!trust_find(&w, in, name, n, sentence, sizeof(sentence))) {
		tell_line(tell, "%s", sentence);
		return;
	}
	p = w.person;
	b64url_encode32(fp, p != NULL ? p->fingerprint : w.pinned.identity);
	if (p == NULL)
		tell_line(tell, "%s is not in %s; the key was %s", w.name,
		    trust_find_where(in), fp);
	else
		tell_line(tell, "%s%s has the key %s", p->name,
		    elsewhere(room, in, &w), fp);
	if (ignored_has(
		in->ignored, p != NULL ? p->fingerprint : w.pinned.identity))
		tell_line(tell,
		    "you ignore them: /unignore %s shows their messages",
		    w.name);
	if (p != NULL && p->self)
		tell_line(tell, "that is you");
	else if (p != NULL && !w.known)
		tell_unpinned(tell, p);
	else if (p != NULL && p->lapsed)
		tell_line(tell,
		    "WARNING: this key is known%s%s by a certificate, which is no "
		    "longer good: /verify %s compares it, /trust %s accepts it "
		    "without",
		    w.pinned.since[0] != '\0' ? " since " : "", w.pinned.since,
		    p->name, p->name);
	else if (w.known)
		tell_pinned(tell, p != NULL ? p->name : "them", &w.pinned,
		    p != NULL && p->trust == TRUST_CHANGED);
	if (p != NULL)
		tell_certificate(tell, p);
	tell_other_keys(tell, in, &w);
}

/* --- deciding ------------------------------------------------------------ */

/* Saves the decision in known_people and tells the session. */
static bool decide(const struct trust_scope *in, const struct person *p,
    enum trust trust, char *sentence, size_t size)
{
	char of[WIRE_NAME_MAX + 1];
	struct session_status st;
	struct errmsg why;

	memcpy(of, p->name, sizeof(of));
	session_status(in->session, &st);
	if (people_trust(
		in->people, st.server, of, p->fingerprint, trust, &why) != 0) {
		snprintf(
		    sentence, size, "that could not be saved: %s", why.text);
		return false;
	}
	session_meet_again(in->session, of);
	return true;
}

bool trust_mark_verified(const struct trust_scope *in, const struct person *p,
    char *sentence, size_t size)
{
	char fp[B64URL_32 + 1], of[WIRE_NAME_MAX + 1];
	enum trust was = p->trust;

	b64url_encode32(fp, p->fingerprint);
	memcpy(of, p->name, sizeof(of));
	if (was == TRUST_VERIFIED) {
		snprintf(sentence, size, "%s is verified already: %s", of, fp);
		return true;
	}
	if (!decide(in, p, TRUST_VERIFIED, sentence, size))
		return false;
	snprintf(sentence, size, "%s is verified: %s", of, fp);
	return true;
}

bool trust_accept(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size)
{
	const struct person *p = other(in, name, n, sentence, size);
	char fp[B64URL_32 + 1], of[WIRE_NAME_MAX + 1];

	if (p == NULL)
		return false;
	if (p->trust != TRUST_CHANGED)
		return trust_mark_verified(in, p, sentence, size);
	b64url_encode32(fp, p->fingerprint);
	memcpy(of, p->name, sizeof(of));
	if (!decide(in, p, TRUST_SEEN, sentence, size))
		return false;
	snprintf(sentence, size,
	    "%s's new key is accepted, not verified: %s; /verify %s compares "
	    "it",
	    of, fp, of);
	return true;
}

bool trust_accept_typed(const struct trust_scope *in, const char *name,
    size_t n, char *sentence, size_t size)
{
	const struct person *p = other(in, name, n, sentence, size);
	struct session_status st;

	if (p == NULL)
		return false;
	session_status(in->session, &st);
	if (p->trust == TRUST_CHANGED || p->trust == TRUST_VERIFIED)
		return trust_accept(in, name, n, sentence, size);
	if (!people_disputed(in->people, st.server, p->name)) {
		snprintf(sentence, size,
		    "%s's key has not changed, so there is nothing to accept. "
		    "To verify it: /verify %s",
		    p->name, p->name);
		return false;
	}
	snprintf(sentence, size,
	    "%s is known, not verified: more than one key has used this name, "
	    "so compare it with /verify %s",
	    p->name, p->name);
	return false;
}

/* --- /verify ------------------------------------------------------------- */

bool trust_code(char out[SAFETY_LEN + 1], const struct trust_scope *in,
    const struct person *p, char *sentence, size_t size)
{
	const struct person *me = NULL, *all;
	const struct chatroom *const *rooms;
	size_t n, n_rooms, i, k;
	int r = ERR_STATE;

	/* The user need not be in the room shown. */
	rooms = session_rooms(in->session, &n_rooms);
	for (k = 0; me == NULL && k < n_rooms; k++) {
		all = session_people(in->session, rooms[k], &n);
		for (i = 0; me == NULL && i < n; i++)
			me = all[i].self ? &all[i] : NULL;
	}
	if (me != NULL)
		r = safety_code(out, me->fingerprint, p->fingerprint);
	if (r == 0)
		return true;
	snprintf(sentence, size,
	    r == ERR_USAGE ? "%s has your own key: there is nothing to compare"
			   : "no code could be made for %s",
	    p->name);
	return false;
}

/* True when the text ends with "yes"; *n becomes the length of what is before
 * it. */
static bool says_yes(const char *text, size_t *n)
{
	size_t len = *n;

	if (len < 4 || strncasecmp(text + len - 3, "yes", 3) != 0 ||
	    (text[len - 4] != ' ' && text[len - 4] != '\t'))
		return false;
	for (len -= 4;
	     len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'); len--)
		;
	*n = len;
	return true;
}

static void show_code(struct trust_compare *c, const struct trust_scope *in,
    const struct person *p, const struct trust_sink *tell)
{
	char code[SAFETY_LEN + 1], sentence[160];
	const size_t half = (SAFETY_LEN + 1) / 2;

	if (!trust_code(code, in, p, sentence, sizeof(sentence))) {
		tell_line(tell, "%s", sentence);
		return;
	}
	memcpy(c->name, p->name, sizeof(c->name));
	memcpy(c->fingerprint, p->fingerprint, WIRE_HASH);
	tell_line(tell, "the code for you and %s:", p->name);
	tell_line(tell, "%.*s", (int)half - 1, code);
	tell_line(tell, "%s", code + half);
	tell_line(tell,
	    "call %s and read it to each other. If both have the same code: "
	    "/verify %s yes",
	    p->name, p->name);
	tell_line(tell,
	    "If not, somebody is between you: do not trust what is said here");
}

/* The person whose code was shown, unless another key was asked for. */
static const struct person *compared(const struct trust_compare *c,
    const struct trust_scope *in, const struct person *p, bool chosen)
{
	char text[WIRE_NAME_MAX + B64URL_32 + 2], fp[B64URL_32 + 1], no[160];

	if (memcmp(c->fingerprint, p->fingerprint, WIRE_HASH) == 0)
		return p;
	b64url_encode32(fp, c->fingerprint);
	snprintf(text, sizeof(text), "%s %s", c->name, fp);
	return chosen ? NULL : other(in, text, strlen(text), no, sizeof(no));
}

void trust_verify(struct trust_compare *c, const struct trust_scope *in,
    const char *text, size_t n, const struct trust_sink *tell)
{
	char sentence[256];
	bool yes = says_yes(text, &n);
	const struct person *p = other(in, text, n, sentence, sizeof(sentence));
	const struct person *shown;

	if (p == NULL) {
		tell_line(tell, "%s", sentence);
	} else if (!yes) {
		show_code(c, in, p, tell);
	} else if (!text_same_name(c->name, p->name)) {
		tell_line(tell, "compare the code first: /verify %s shows it",
		    p->name);
	} else if ((shown = compared(c, in, p, strlen(p->name) != n)) == NULL) {
		tell_line(tell,
		    "not verified: %s's key has changed since the code was "
		    "shown; /verify %s shows the new code",
		    p->name, p->name);
	} else {
		(void)trust_mark_verified(
		    in, shown, sentence, sizeof(sentence));
		tell_line(tell, "%s", sentence);
	}
}

/* --- /ignore -------------------------------------------------------------- */

bool trust_ignore(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size)
{
	const char *of;
	struct trust_target w;
	struct trust_key k;
	struct errmsg why;
	size_t i, added = 0;

	if (!trust_find(&w, in, name, n, sentence, size))
		return false;
	of = w.name;
	for (i = 0; trust_find_key(&k, in, &w, i); i++)
		if (k.person != NULL && k.person->self) {
			snprintf(sentence, size, "that is you");
			return false;
		}
	for (i = 0; trust_find_key(&k, in, &w, i); i++) {
		if (ignored_has(in->ignored, k.identity))
			continue;
		if (ignored_add(in->ignored, k.identity, of, &why) != 0) {
			snprintf(sentence, size, "%s is not ignored: %s", of,
			    why.text);
			return false;
		}
		added++;
	}
	if (added == 0) {
		snprintf(sentence, size, "you ignore %s already", of);
		return true;
	}
	snprintf(sentence, size,
	    "%s's messages are no longer shown, under any name; /unignore %s "
	    "shows them again",
	    of, of);
	return true;
}

bool trust_unignore(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size)
{
	char of[WIRE_NAME_MAX + 1], unused[160];
	const struct ignored_person *g;
	uint8_t identity[WIRE_HASH];
	struct trust_target w;
	struct errmsg why;
	size_t i = 0, done = 0;
	bool here;

	if (!text_name(name, n)) {
		snprintf(sentence, size, "that is not a name");
		return false;
	}
	snprintf(of, sizeof(of), "%.*s", (int)n, name);
	here = trust_find(&w, in, name, n, unused, sizeof(unused)) &&
	       w.person != NULL;
	while ((g = ignored_at(in->ignored, i)) != NULL) {
		if (!text_same_name(g->name, of) &&
		    (!here || memcmp(g->identity, w.person->fingerprint,
				  WIRE_HASH) != 0)) {
			i++;
			continue;
		}
		memcpy(identity, g->identity, WIRE_HASH);
		if (ignored_remove(in->ignored, identity, &why) != 0) {
			snprintf(sentence, size, "%s is still ignored: %s", of,
			    why.text);
			return false;
		}
		i = 0; /* the list has changed */
		done++;
	}
	if (done == 0)
		snprintf(sentence, size,
		    "you do not ignore %s: /ignore lists whom you ignore", of);
	else
		snprintf(sentence, size, "%s's messages are shown again", of);
	return done > 0;
}

void trust_ignored(const struct trust_scope *in, const struct trust_sink *tell)
{
	const struct ignored_person *g;
	char fp[B64URL_32 + 1];
	size_t i;

	for (i = 0; (g = ignored_at(in->ignored, i)) != NULL; i++) {
		b64url_encode32(fp, g->identity);
		tell_line(tell, "ignored%s%s: %s, with the key %s",
		    g->since[0] != '\0' ? " since " : "", g->since, g->name,
		    fp);
	}
	if (i == 0)
		tell_line(tell, "you ignore nobody");
}

/* --- the server ----------------------------------------------------------- */

enum { HALF = (SAFETY_LEN + 1) / 2 }; /* of a code, with the blank after it */

bool trust_server_code(char out[SAFETY_LEN + 1], const struct session *s,
    char *sentence, size_t size)
{
	struct session_status st;

	session_status(s, &st);
	if (!st.server_proved)
		snprintf(
		    sentence, size, "the server has not proved its key yet");
	else if (safety_server_code(out, st.server) == 0)
		return true;
	else
		snprintf(sentence, size, "no code could be made");
	return false;
}

bool trust_server(
    const struct session *s, const char *server, const struct trust_sink *tell)
{
	char code[SAFETY_LEN + 1], sentence[160], fp[B64URL_32 + 1];
	struct session_status st;

	session_status(s, &st);
	if (!st.server_proved)
		return false;
	if (!trust_server_code(code, s, sentence, sizeof(sentence))) {
		tell_line(tell, "%s", sentence);
		return true;
	}
	b64url_encode32(fp, st.server);
	tell_line(tell, "the server %s has the key %s", server, fp);
	tell_line(
	    tell, "its code, which conclaved prints at its start as well:");
	tell_line(tell, "%.*s", HALF - 1, code);
	tell_line(tell, "%s", code + HALF);
	tell_line(tell, "key exchange: %s", exchange_str(st.exchange));
	return true;
}
