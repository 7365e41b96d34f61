/* part.h - two transcripts of one log, which were checked: where they part. Two of
 * direct messages: what both have. */
#ifndef CONCLAVE_VERIFY_PART_H
#define CONCLAVE_VERIFY_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/crypto/crypto.h"

struct part_result {
	uint64_t common; /* offsets at which both know the chain */
	uint64_t first,
	    agreed; /* the first and the last where it is the same */
	bool parts;
	uint64_t at; /* then: the first where it is not */
	/* Of direct messages: frames that both have are in `common`. */
	uint64_t only_a, only_b;
};

/* The descriptors of their files, in order, from the beginning of each. ERR_IO
 * with errno, ERR_NOMEM, ERR_CRYPTO; ERR_JSON: a file is not the one that was
 * checked. */
struct part_files {
	const int *fd;
	size_t n;
};
int part_find(struct crypto *c, struct part_result *out,
    const struct part_files *a, const struct part_files *b) MUST_CHECK;
/* Two transcripts of direct messages, by their writers: the frames between the two
 * keys that are in both, or in one. ERR_LIMIT: there are more than PART_FRAMES. */
enum { PART_FRAMES = 4 << 20 };
struct part_talk {
	const struct part_files *files;
	const uint8_t *writer; /* fingerprint */
};
int part_talk(struct crypto *c, struct part_result *out,
    const struct part_talk *a, const struct part_talk *b) MUST_CHECK;

#endif
