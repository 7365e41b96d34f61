/* escape.h - JSON that is safe on a terminal, and JSON strings of text that may
 * not be UTF-8. */
#ifndef CONCLAVE_UI_ESCAPE_H
#define CONCLAVE_UI_ESCAPE_H

#include "shared/wire/json.h"

/* Rewrites the valid JSON from byte `from` on: a character that the terminal
 * filter would replace becomes \uXXXX, which is the same JSON. After ERR_NOMEM
 * or ERR_LIMIT part of it is lost. */
int escape_json(struct buf *out, size_t from) MUST_CHECK;

/* A sentence of ours (why.h) as a string of JSON, which is UTF-8: it may quote a
 * path, which is any bytes, or the C library, which speaks the locale's. */
void escape_sentence(struct json_w *w, const char *key, const char *sentence);

#endif
