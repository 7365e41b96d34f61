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

/* --- finding ------------------------------------------------------------- */

static const struct person *present(const struct ui_env *env, const char *name)
{
	const struct person *all;
	size_t count, i;

	all = session_people(
	    env->session, session_first_room(env->session), &count);
	for (i = 0; i < count; i++)
		if (text_same_name(all[i].name, name))
			return &all[i];
	return NULL;
}

bool trust_find(struct trust_target *out, const struct ui_env *env,
    const char *name, size_t n, char *sentence, size_t size)
{
	char want[WIRE_NAME_MAX + 1];
	struct session_status st;

	memset(out, 0, sizeof(*out));
	if (!text_name(name, n)) {
		snprintf(sentence, size, "that is not a name");
		return false;
	}
	memcpy(want, name, n);
	want[n] = '\0';
	session_status(env->session, &st);
	out->person = present(env, want);
	out->known = people_pinned(env->people, st.server, want, &out->pinned);
	if (out->person != NULL || out->known)
		return true;
	snprintf(sentence, size,
	    "nobody in the room has that name, and nobody had it when you "
	    "were here");
	return false;
}

/* Somebody else, who is in the room. */
static const struct person *other(const struct ui_env *env, const char *name,
    size_t n, char *sentence, size_t size)
{
	struct trust_target w;

	if (!trust_find(&w, env, name, n, sentence, size))
		return NULL;
	if (w.person == NULL)
		snprintf(
		    sentence, size, "%.*s is not in the room", (int)n, name);
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
		    "NOT the %s of before, who was %s%s%s with the key %s",
		    name, pin->verified ? "verified" : "known", since,
		    pin->since, fp);
		tell_line(tell,
		    "ask them by another way; /verify %s compares the new "
		    "key, /trust %s accepts it",
		    name, name);
	} else if (pin->verified) {
		tell_line(tell, "verified%s%s: you compared the key", since,
		    pin->since);
	} else {
		tell_line(tell,
		    "known%s%s, not verified: /verify %s compares the key",
		    since, pin->since, name);
	}
}

void trust_tell(const struct ui_env *env, const char *name, size_t n,
    const struct trust_sink *tell)
{
	char sentence[160], fp[B64URL_32 + 1];
	const struct person *p;
	struct trust_target w;

	if (!trust_find(&w, env, name, n, sentence, sizeof(sentence))) {
		tell_line(tell, "%s", sentence);
		return;
	}
	p = w.person;
	b64url_encode32(fp, p != NULL ? p->fingerprint : w.pinned.identity);
	if (p == NULL)
		tell_line(tell, "%.*s is not in the room; the key was %s",
		    (int)n, name, fp);
	else
		tell_line(tell, "%s is member %u with the key %s", p->name,
		    p->member, fp);
	if (p != NULL && p->self)
		tell_line(tell, "that is you");
	else if (w.known)
		tell_pinned(tell, p != NULL ? p->name : "them", &w.pinned,
		    p != NULL && p->trust == TRUST_CHANGED);
}

/* --- deciding ------------------------------------------------------------ */

/* The same in the pins, and in the room. */
static bool decide(const struct ui_env *env, const struct person *p,
    enum trust trust, char *sentence, size_t size)
{
	char of[WIRE_NAME_MAX + 1];
	struct session_status st;
	struct errmsg why;

	memcpy(of, p->name, sizeof(of));
	session_status(env->session, &st);
	if (people_trust(
		env->people, st.server, of, p->fingerprint, trust, &why) != 0) {
		snprintf(
		    sentence, size, "that could not be kept: %s", why.text);
		return false;
	}
	session_meet_again(env->session, of);
	return true;
}

bool trust_verified(const struct ui_env *env, const struct person *p,
    char *sentence, size_t size)
{
	char fp[B64URL_32 + 1], of[WIRE_NAME_MAX + 1];
	enum trust was = p->trust;

	b64url_encode32(fp, p->fingerprint);
	memcpy(of, p->name, sizeof(of));
	if (was == TRUST_VERIFIED) {
		snprintf(sentence, size, "%s was verified before: %s", of, fp);
		return true;
	}
	if (!decide(env, p, TRUST_VERIFIED, sentence, size))
		return false;
	snprintf(sentence, size, "%s is verified: %s", of, fp);
	return true;
}

bool trust_trust(const struct ui_env *env, const char *name, size_t n,
    char *sentence, size_t size)
{
	const struct person *p = other(env, name, n, sentence, size);
	char fp[B64URL_32 + 1], of[WIRE_NAME_MAX + 1];

	if (p == NULL)
		return false;
	if (p->trust != TRUST_CHANGED)
		return trust_verified(env, p, sentence, size);
	b64url_encode32(fp, p->fingerprint);
	memcpy(of, p->name, sizeof(of));
	if (!decide(env, p, TRUST_SEEN, sentence, size))
		return false;
	snprintf(sentence, size,
	    "from now on %s is %s; /verify %s compares that with them", of, fp,
	    of);
	return true;
}

bool trust_trust_typed(const struct ui_env *env, const char *name, size_t n,
    char *sentence, size_t size)
{
	const struct person *p = other(env, name, n, sentence, size);
	struct session_status st;

	if (p == NULL)
		return false;
	session_status(env->session, &st);
	if (p->trust != TRUST_SEEN ||
	    !people_disputed(env->people, st.server, p->name))
		return trust_trust(env, name, n, sentence, size);
	snprintf(sentence, size,
	    "%s is known, and not verified: more than one key has had this "
	    "name, so compare it with /verify %s",
	    p->name, p->name);
	return false;
}

/* --- /verify ------------------------------------------------------------- */

bool trust_code(char out[SAFETY_LEN + 1], const struct ui_env *env,
    const struct person *p, char *sentence, size_t size)
{
	const struct person *all;
	size_t n, i;
	int r = ERR_STATE;

	all =
	    session_people(env->session, session_first_room(env->session), &n);
	for (i = 0; i < n && r == ERR_STATE; i++)
		if (all[i].self)
			r = safety_code(
			    out, all[i].fingerprint, p->fingerprint);
	if (r == 0)
		return true;
	snprintf(sentence, size,
	    r == ERR_USAGE ? "%s has your own key: there is nothing to compare"
			   : "no code could be made for %s",
	    p->name);
	return false;
}

/* True when the text was a name and "yes", and *n is the name's length. */
static bool says_yes(const char *text, size_t *n)
{
	size_t len = 0;
	const char *p;

	while (len < *n && text[len] != ' ' && text[len] != '\t')
		len++;
	for (p = text + len; p < text + *n && (*p == ' ' || *p == '\t'); p++)
		;
	if (*n - (size_t)(p - text) != 3 || strncasecmp(p, "yes", 3) != 0)
		return false;
	*n = len;
	return true;
}

static void show_code(struct verify *v, const struct ui_env *env,
    const struct person *p, const struct trust_sink *tell)
{
	char code[SAFETY_LEN + 1], sentence[160];
	const size_t half = (SAFETY_LEN + 1) / 2;

	if (!trust_code(code, env, p, sentence, sizeof(sentence))) {
		tell_line(tell, "%s", sentence);
		return;
	}
	memcpy(v->name, p->name, sizeof(v->name));
	memcpy(v->fingerprint, p->fingerprint, WIRE_HASH);
	tell_line(tell, "the code of you and %s:", p->name);
	tell_line(tell, "%.*s", (int)half - 1, code);
	tell_line(tell, "%s", code + half);
	tell_line(tell,
	    "call %s, read it to each other; if it is the same for both: "
	    "/verify %s yes",
	    p->name, p->name);
	tell_line(tell,
	    "if it is not, somebody is between you: trust nothing said here");
}

void trust_verify(struct verify *v, const struct ui_env *env, const char *text,
    size_t n, const struct trust_sink *tell)
{
	char sentence[256];
	bool yes = says_yes(text, &n);
	const struct person *p =
	    other(env, text, n, sentence, sizeof(sentence));

	if (p == NULL) {
		tell_line(tell, "%s", sentence);
	} else if (!yes) {
		show_code(v, env, p, tell);
	} else if (!text_same_name(v->name, p->name)) {
		tell_line(tell, "first compare the code: /verify %s shows it",
		    p->name);
	} else if (memcmp(v->fingerprint, p->fingerprint, WIRE_HASH) != 0) {
		tell_line(tell,
		    "not verified: %s has another key than the one whose code "
		    "was shown; /verify %s shows the new code",
		    p->name, p->name);
	} else {
		(void)trust_verified(env, p, sentence, sizeof(sentence));
		tell_line(tell, "%s", sentence);
	}
}
