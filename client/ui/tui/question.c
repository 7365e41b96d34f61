/* question.c - asks before quitting, before sending many lines, and before acts
 * that nobody can take back. */
#include "client/ui/tui/question.h"

#include <stdio.h>

#include "shared/wire/wire.h"

void question_init(struct question *q)
{
	q->kind = QUESTION_NONE;
	buf_init_secret(&q->pasted, WIRE_TEXT_MAX);
}

void question_free(struct question *q)
{
	buf_free(&q->pasted);
}

void question_ask(struct question *q, enum question_kind kind)
{
	q->kind = kind;
}

void question_ask_text(
    struct question *q, enum question_kind kind, const char *text)
{
	q->kind = kind;
	snprintf(q->text, sizeof(q->text), "%s", text);
}

void question_drop(struct question *q)
{
	q->kind = QUESTION_NONE;
}

bool question_open(const struct question *q)
{
	return q->kind != QUESTION_NONE;
}

void question_text(const struct question *q, char *out, size_t size,
    const struct question_about *a)
{
	char big[32] = "";
	int n;

	if (q->kind == QUESTION_SEND) {
		if (a->bytes >= 1024)
			snprintf(big, sizeof(big), " (%zu KiB)", a->bytes >> 10);
		n = snprintf(out, size,
		    "Send %zu lines%s to %s as one message? y = send, Enter = "
		    "back ",
		    a->lines, big, a->room);
		if (n >= a->cols || a->room[0] == '\0')
			snprintf(out, size,
			    "Send %zu lines as one message? y/n ", a->lines);
	}
	else if (q->kind == QUESTION_ACT || q->kind == QUESTION_PURGE)
		snprintf(out, size, "%s", q->text);
	else if (a->held > 0)
		snprintf(out, size, "%zu held, not sent! Quit? y/n ", a->held);
	else if (a->unacked > 0)
		snprintf(out, size, "%zu not sent yet! Quit? y/n ", a->unacked);
	else
		snprintf(out, size, "Quit? y/n ");
}

enum question_answer question_key(
    struct question *q, const struct input_event *k)
{
	enum question_kind asked = q->kind;
	bool text = k->key == INPUT_TEXT;
	char c = text ? *k->text : '\0';

	/* A paste is no answer: it may hold a "y" anywhere. */
	if (k->key == INPUT_PASTE)
		return buf_put(&q->pasted, k->text, k->n) == 0 ? QUESTION_KEPT
							       : QUESTION_FULL;
	question_drop(q);
	if (c == 'y' || c == 'Y')
		return QUESTION_YES;
	if (asked == QUESTION_QUIT && k->key == INPUT_CTRL && k->letter == 'C')
		return QUESTION_YES;
	return text && c != 'n' && c != 'N' ? QUESTION_TEXT : QUESTION_NO;
}
