#include <stdio.h>
#include <string.h>

#include "client/session/session_int.h"
#include "shared/crypto/secret.h"

/* Everything that belongs to a connection, and all its keys. */
void session_end_disconnect(struct session *s)
{
	handshake_free(s->handshake);
	s->handshake = NULL;
	link_free(s->link);
	s->link = NULL;
	buf_free(&s->in);
	session_send_clear(s);
	if (s->epochs != NULL)
		epochs_clear(s->epochs);
	if (s->held != NULL)
		pending_clear(s->held);
	if (s->outbox != NULL)
		outbox_restart(s->outbox);
	secret_wipe(s->th5, sizeof(s->th5));
	memset(&s->ending, 0, sizeof(s->ending));
	s->ping_out = false;
	s->rtt_ms = UINT32_MAX;
}

static void closed(struct session *s, const struct ending *e)
{
	s->phase = PHASE_CLOSED;
	/* Cannot fail: events.h keeps room for it. */
	(void)!events_push(s->events, &(struct event){.type = EVENT_CLOSED,
					  .code = e->code,
					  .word = e->word,
					  .text = e->text,
					  .text_len = strlen(e->text),
					  .exit_status = e->exit_status});
}

/* 1, 2, 4 .. 20 s, each a quarter more or less, so that a room that lost its
 * server does not come back all at once. */
static uint64_t next_pause(struct session *s)
{
	uint64_t pause = s->pause_ms;
	uint32_t dice = 0;

	s->pause_ms =
	    2 * pause < SESSION_PAUSE_MAX_MS ? 2 * pause : SESSION_PAUSE_MAX_MS;
	/* Without random bytes it is an exact pause. */
	if (s->o.rng.fill(s->o.rng.arg, &dice, sizeof(dice)) != 0)
		return pause;
	return pause - pause / 4 + dice % (pause / 2 + 1);
}

static void pause_then_retry(struct session *s, const struct ending *e)
{
	uint64_t pause = next_pause(s);

	s->phase = PHASE_PAUSE;
	s->retry_ms = s->now_ms + pause;
	(void)!events_push(s->events, &(struct event){.type = EVENT_RECONNECT,
					  .reason = e->text,
					  .code = e->code,
					  .word = e->word,
					  .wait_ms = (uint32_t)pause});
}

/* Before the first join a person wants to see what is wrong. But who was told
 * to wait can wait; and if the server found the handshake too slow, it was most
 * likely our RSA pair on a small machine, which is there the next time. */
static bool worth_a_wait(const struct session *s, const struct ending *e)
{
	return e->code == CODE_TRY_LATER ||
	       (e->code == CODE_TIMEOUT && e->told &&
		   s->attempt <= SESSION_SLOW_TRIES);
}

/* A server that dies soon after each start is tried at the first pause again
 * and again, one that sends us away is not. */
static uint64_t stable_ms(const struct ending *e)
{
	return e->told && e->code != CODE_SHUTDOWN ? SESSION_STABLE_SENT_MS
						   : SESSION_STABLE_MS;
}

/* The socket is gone. */
void session_end_now(struct session *s)
{
	const struct ending ending = s->ending, *e = &ending;
	const struct ending done = {.exit_status = EXIT_DONE,
	    .code = CODE_QUIT,
	    .word = "quit",
	    .text = "ended by the user"};
	bool unsent = outbox_count(s->outbox) > 0;

	if (s->joined_ms != 0) {
		if (s->now_ms - s->joined_ms >= stable_ms(e)) {
			s->pause_ms = SESSION_PAUSE_MS;
			s->attempt = 0;
		}
		session_wait_lost(s, e->told && e->code == CODE_SHUTDOWN);
	}
	s->joined_ms = 0;
	session_end_disconnect(s);
	if (s->quitting && !unsent)
		closed(s, &done);
	else if (e->again && s->o.reconnect &&
		 (s->joined_once || worth_a_wait(s, e)))
		pause_then_retry(s, e);
	else
		closed(s, e);
}

void session_end_for(struct session *s, bool again, int exit_status,
    enum wire_code code, const char *text)
{
	struct ending *e = &s->ending;

	if (s->phase >= PHASE_ENDING)
		return;
	s->phase = PHASE_ENDING;
	e->again = again;
	e->exit_status = exit_status;
	e->code = code;
	snprintf(e->word, sizeof(e->word), "%s", wire_code_word(code));
	snprintf(e->text, sizeof(e->text), "%s", text);
}

static int exit_of(enum wire_code code)
{
	switch (code) {
	case CODE_PROTOCOL:
		return EXIT_PROTOCOL;
	case CODE_QUIT:
		return EXIT_LOST;
	default:
		return wire_code_again(code) ? EXIT_LOST : EXIT_REFUSED;
	}
}

void session_end_refused(
    struct session *s, enum wire_code code, const char *word, const char *text)
{
	char sentence[WIRE_SHORT_TEXT_MAX + 128];
	/* Nobody has signed what comes outside of a record. */
	const char *who =
	    s->phase < PHASE_LINKED ? "whoever answered says: " : "";

	/* A server that has no more to say sends the code's own sentence. */
	if (strcmp(text, wire_code_str(code)) == 0)
		text = "";
	snprintf(sentence, sizeof(sentence), "%s%s%s%s", who,
	    wire_code_str(code), text[0] == '\0' ? "" : ": ", text);
	session_end_for(
	    s, wire_code_again(code), exit_of(code), code, sentence);
	s->ending.told = true;
	snprintf(s->ending.word, sizeof(s->ending.word), "%s", word);
}

/* A last control frame, where the link is up: once the end is decided, so that
 * no message follows it. What fails here is not told: the connection ends
 * either way. */
void session_end_bye(struct session *s, enum wire_code code)
{
	struct buf json;

	if (s->link == NULL)
		return;
	buf_init(&json, WIRE_JSON_MAX);
	if (control_bye(&json, code, "") == 0 &&
	    session_send_control(s, &json) == 0)
		(void)!session_send_flush(s);
	buf_free(&json);
}

void session_end_fail(struct session *s, int err)
{
	char text[160];

	if (s->phase >= PHASE_ENDING)
		return;
	if (err == ERR_CONFIRM && s->link == NULL) {
		session_end_for(s, false, EXIT_REFUSED, CODE_BAD_PASSWORD,
		    "the password is wrong, or this is not the server that you "
		    "mean");
	} else if (err == ERR_PIN) {
		session_end_for(s, false, EXIT_PIN, CODE_NONE, err_str(err));
	} else if (err == ERR_SLOW) {
		session_end_for(s, true, EXIT_LOST, CODE_NONE,
		    "the server does not read what it asks for");
	} else if (err_is_peer(err)) {
		snprintf(text, sizeof(text),
		    "the server broke the protocol: %s", err_str(err));
		session_end_for(s, false, EXIT_PROTOCOL, CODE_PROTOCOL, text);
		session_end_bye(s, CODE_PROTOCOL);
	} else {
		session_end_for(s, true, EXIT_LOST, CODE_NONE, err_str(err));
	}
}
