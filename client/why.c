#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/text.h"
#include "client/why.h"

int why_set(struct why *w, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return err;
}

void why_say(const char *sentence)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	if (text_filter(&b, sentence, strlen(sentence), TEXT_LINES) == 0)
		fprintf(stderr, "conclave: %.*s\n", (int)b.len, (char *)b.p);
	buf_free(&b);
}
