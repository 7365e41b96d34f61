/* json_trust.c - what a program asks about keys: whois, verify, trust, server;
 * and whom the user ignores. */
#include <stdio.h>
#include <string.h>

#include "client/trust/trust.h"
#include "client/ui/escape.h"
#include "client/ui/json_ui.h"
#include "client/ui/words.h"

/* Without "room", a person is looked for in all rooms. False: refused. */
static bool scope(struct trust_scope *in, struct ui *f, const json_t *o)
{
	*in = (struct trust_scope){f->env->session, ui_json_room(f, o),
	    f->env->people, f->env->ignored,
	    json_object_get(o, "room") != NULL};
	return in->room != NULL;
}

/* The room of somebody who was found, by its name. */
static void put_room(
    struct ui *f, struct json_w *w, const struct trust_target *t)
{
	struct session_room_status st;

	if (t->person == NULL || t->room == NULL)
		return;
	session_room_status(f->env->session, t->room, &st);
	json_put_str(w, "room", st.name);
}

/* The keys of their devices that are known or here. */
static void put_keys(struct json_w *j, const struct trust_scope *in,
    const struct trust_target *w)
{
	struct trust_key k;
	size_t i;

	json_open_arr(j, "keys");
	for (i = 0; trust_find_key(&k, in, w, i); i++) {
		json_open_obj(j, NULL);
		ui_json_put_fp(j, "identity", k.identity);
		json_put_bool(j, "present", k.person != NULL);
		json_put_bool(j, "known", k.pinned);
		json_put_bool(j, "verified", k.verified);
		json_put_str(j, "since", k.since);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Nothing where nobody is trusted to certify people. */
static void put_certified(struct json_w *j, const struct person *p)
{
	if (p->certified != CERTIFIED_ABSENT && p->certified < CERTIFIED_BAD)
		return;
	json_put_bool(j, "certified", p->certified == CERTIFIED_GOOD);
	if (p->certified == CERTIFIED_BAD)
		json_put_str(j, "fault", certifier_word(p->fault));
}

static void put_whois(struct ui *f, const struct trust_scope *in,
    const struct trust_target *w, const char *code)
{
	const struct person *p = w->person;
	struct json_w j;

	ui_json_begin(f, &j, code != NULL ? "verify" : "whois");
	json_put_str(&j, "name", w->name);
	json_put_bool(&j, "present", p != NULL);
	put_room(f, &j, w);
	if (p != NULL) {
		json_put_u63(&j, "member", p->member);
		ui_json_put_fp(&j, "identity", p->fingerprint);
		json_put_str(&j, "trust", words_trust(p->trust));
		put_certified(&j, p);
	}
	if (code != NULL)
		json_put_str(&j, "code", code);
	if (w->known) {
		ui_json_put_fp(&j, "pinned", w->pinned.identity);
		json_put_bool(&j, "compared", w->pinned.verified);
		json_put_str(&j, "since", w->pinned.since);
	}
	put_keys(&j, in, w);
	ui_json_put_ref(&j, f->ref);
	ui_json_end(f, &j);
}

bool ui_json_whois(struct ui *f, const json_t *o)
{
	struct trust_scope in;
	char sentence[256];
	struct trust_target w;
	size_t n = 0;
	const char *name = ui_json_text(o, "name", &n);

	if (name == NULL)
		ui_json_refuse(f, "\"whois\" needs a \"name\"");
	else if (!scope(&in, f, o))
		return true;
	else if (!trust_find(&w, &in, name, n, sentence, sizeof(sentence)))
		ui_json_error(f, "whois", sentence);
	else
		put_whois(f, &in, &w, NULL);
	return true;
}

/* Reports the safety code; with "code", verifies the person if it matches. */
bool ui_json_verify(struct ui *f, const json_t *o)
{
	struct trust_scope in;
	char sentence[256];
	char code[SAFETY_LEN + 1];
	struct trust_target w;
	size_t n = 0, said_n = 0;
	const char *name = ui_json_text(o, "name", &n);
	const char *said = ui_json_text(o, "code", &said_n);

	if (name == NULL) {
		ui_json_refuse(f, "\"verify\" needs a \"name\"");
		return true;
	}
	if (!scope(&in, f, o))
		return true;
	snprintf(sentence, sizeof(sentence), "that person is not in %s",
	    in.here ? "that room" : "your rooms");
	if (!trust_find(&w, &in, name, n, sentence, sizeof(sentence)) ||
	    w.person == NULL ||
	    !trust_code(code, &in, w.person, sentence, sizeof(sentence)))
		goto refused;
	if (said != NULL) {
		snprintf(sentence, sizeof(sentence), "the code differs");
		if (said_n != SAFETY_LEN || memcmp(said, code, said_n) != 0 ||
		    !trust_mark_verified(
			&in, w.person, sentence, sizeof(sentence)) ||
		    !trust_find(&w, &in, name, n, sentence, sizeof(sentence)))
			goto refused;
	}
	put_whois(f, &in, &w, code);
	return true;
refused:
	ui_json_error(f, "verify", sentence);
	return true;
}

static bool change(struct ui *f, const json_t *o, const char *word,
    bool (*fn)(const struct trust_scope *in, const char *name, size_t n,
	char *sentence, size_t size))
{
	struct trust_scope in;
	char sentence[512];
	struct json_w w;
	size_t n = 0;
	const char *name = ui_json_text(o, "name", &n);

	if (name == NULL) {
		snprintf(sentence, sizeof(sentence), "\"%s\" needs a \"name\"",
		    word);
		ui_json_refuse(f, sentence);
	} else if (!scope(&in, f, o)) {
		return true;
	} else if (!fn(&in, name, n, sentence, sizeof(sentence))) {
		ui_json_error(f, word, sentence);
	} else {
		ui_json_begin(f, &w, word);
		json_put_strn(&w, "name", name, n);
		escape_sentence(&w, "text", sentence);
		ui_json_put_ref(&w, f->ref);
		ui_json_end(f, &w);
	}
	return true;
}

bool ui_json_ignore(struct ui *f, const json_t *o)
{
	return change(f, o, "ignore", trust_ignore);
}

bool ui_json_unignore(struct ui *f, const json_t *o)
{
	return change(f, o, "unignore", trust_unignore);
}

bool ui_json_ignored(struct ui *f, const json_t *o)
{
	const struct ignored_person *g;
	struct json_w w;
	size_t i;

	(void)o;
	ui_json_begin(f, &w, "ignored");
	json_open_arr(&w, "people");
	for (i = 0; (g = ignored_at(f->env->ignored, i)) != NULL; i++) {
		json_open_obj(&w, NULL);
		json_put_str(&w, "name", g->name);
		ui_json_put_fp(&w, "identity", g->identity);
		json_put_str(&w, "since", g->since);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
	return true;
}

bool ui_json_trust(struct ui *f, const json_t *o)
{
	return change(f, o, "trust", trust_accept);
}

bool ui_json_server(struct ui *f, const json_t *o)
{
	char code[SAFETY_LEN + 1], sentence[160];
	struct session_status st;
	struct json_w w;

	(void)o;
	if (!f->joined)
		return false; /* nothing is proved yet: retry */
	if (!trust_server_code(
		code, f->env->session, sentence, sizeof(sentence))) {
		ui_json_error(f, "server", sentence);
		return true;
	}
	session_status(f->env->session, &st);
	ui_json_begin(f, &w, "server");
	json_put_str(&w, "address", f->env->server);
	ui_json_put_fp(&w, "server", st.server);
	json_put_str(&w, "code", code);
	json_put_str(&w, "exchange", exchange_word(st.exchange));
	ui_json_put_ref(&w, f->ref);
	ui_json_end(f, &w);
	return true;
}
