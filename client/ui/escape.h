/* escape.h - JSON that is safe to print on a terminal, and JSON strings from
 * text that may not be UTF-8. */
#ifndef CONCLAVE_UI_ESCAPE_H
#define CONCLAVE_UI_ESCAPE_H

#include "shared/wire/json.h"

/* Rewrites the valid JSON from byte `from` on: each character that the terminal
 * filter would replace becomes \uXXXX, which means the same in JSON. On
 * ERR_NOMEM or ERR_LIMIT part of it is lost. */
int escape_json(struct buf *out, size_t from) MUST_CHECK;

/* Writes one of our error messages (why.h) as a JSON string. JSON is UTF-8, but
 * the message may quote a path, which can be any bytes, or the C library, which
 * uses the locale's encoding. */
void escape_sentence(struct json_w *w, const char *key, const char *sentence);

#endif
