#include <string.h>

#include "shared/wire.h"

static const struct {
	const char *word, *text;
	int again;
} codes[] = {
    [CODE_NONE] = {"", "", 1},
#define X(name, word, text, again) [CODE_##name] = {word, text, again},
    WIRE_CODES(X)
#undef X
	[CODE_UNKNOWN] = {"",
	    "the other side gave a reason that we do not know", 0},
};

const char *wire_code_word(enum wire_code c)
{
	return codes[c].word;
}

const char *wire_code_str(enum wire_code c)
{
	return codes[c].text;
}

int wire_code_again(enum wire_code c)
{
	return codes[c].again;
}

enum wire_code wire_code_of(const char *word)
{
	unsigned i;

	for (i = CODE_NONE + 1; i < CODE_UNKNOWN; i++)
		if (strcmp(codes[i].word, word) == 0)
			return (enum wire_code)i;
	return CODE_UNKNOWN;
}
