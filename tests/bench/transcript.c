/* transcript.c - writes a transcript of so many messages, for the time that
 * `conclave verify` takes for one:
 *
 *   transcript MESSAGES >FILE
 *
 * Every hundredth entry is a checkpoint of the server. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/crypto/library.h"
#include "shared/wire/json.h"
#include "tests/unit/scribe.h"

enum { CHECKPOINT = 100, PIECE = 1 << 20 };

static int flush(struct scribe *s)
{
	if (fwrite(s->out.p, 1, s->out.len, stdout) != s->out.len)
		return -1;
	buf_clear(&s->out);
	return 0;
}

int main(int argc, char **argv)
{
	const unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	char text[64];
	struct scribe s;
	unsigned long i;
	int r = 0;

	if (n == 0) {
		fputs("usage: transcript MESSAGES\n", stderr);
		return 2;
	}
	json_setup();
	scribe_init(&s);
	scribe_begin(&s);
	for (i = 0; r == 0 && i < n; i++) {
		snprintf(text, sizeof(text), "message %lu of a long talk", i);
		scribe_says(&s, 1 + i % 2, text);
		if (i % CHECKPOINT == CHECKPOINT - 1)
			scribe_checkpoint(&s, &s.at);
		if (s.out.len >= PIECE)
			r = flush(&s);
	}
	scribe_end(&s);
	if (r != 0 || flush(&s) != 0 || fflush(stdout) != 0) {
		perror("transcript");
		return 1;
	}
	scribe_free(&s);
	return 0;
}
