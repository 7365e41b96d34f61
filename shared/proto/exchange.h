/* exchange.h - what the keys of a link are made from (PROTOCOL.md section 2), in
 * the words that both programs show. */
#ifndef SHARED_PROTO_EXCHANGE_H
#define SHARED_PROTO_EXCHANGE_H

enum exchange {
	EXCHANGE_CLASSICAL, /* the password alone */
	EXCHANGE_HYBRID,    /* and a post-quantum KEM */
};

/* One word, for programs and narrow places: "classical", "hybrid". */
const char *exchange_word(enum exchange e);
/* What it consists of: "hybrid (ML-KEM-768 + SPAKE2+)". */
const char *exchange_str(enum exchange e);

#endif
