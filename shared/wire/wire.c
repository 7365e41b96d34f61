/* wire.c - the codes of bye and error frames, and the sizes of padded JSON. */
#include <string.h>

#include "shared/wire/wire.h"

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

/*@ requires valid_read_string(word);
    assigns \nothing;
    ensures CODE_NONE < \result <= CODE_UNKNOWN; */
enum wire_code wire_code_of(const char *word)
{
	unsigned i;

	/*@ loop invariant CODE_NONE < i <= CODE_UNKNOWN;
	    loop assigns i;
	    loop variant CODE_UNKNOWN - i; */
	for (i = CODE_NONE + 1; i < CODE_UNKNOWN; i++) {
		//@ admit literal: valid_read_string(codes[i].word);
		if (strcmp(codes[i].word, word) == 0)
			return (enum wire_code)i;
	}
	return CODE_UNKNOWN;
}

size_t wire_padded(size_t n)
{
	size_t step = n <= WIRE_PAD_LARGE ? WIRE_PAD_SMALL : WIRE_PAD_LARGE;

	if (n <= WIRE_PAD_MIN)
		return WIRE_PAD_MIN;
	return n + (step - n % step) % step;
}
