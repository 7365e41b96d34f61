/* exchange.c - the words for the kinds of key exchange. */
#include "shared/proto/exchange.h"

static const struct {
	const char *word, *text;
} exchanges[] = {
    [EXCHANGE_CLASSICAL] = {"classical", "classical (SPAKE2+)"},
    [EXCHANGE_HYBRID] = {"hybrid", "hybrid (ML-KEM-768 + SPAKE2+)"},
};

const char *exchange_word(enum exchange e)
{
	return exchanges[e].word;
}

const char *exchange_str(enum exchange e)
{
	return exchanges[e].text;
}
