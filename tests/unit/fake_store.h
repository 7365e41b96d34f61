/* fake_store.h - the functions of store.h in memory, for tests that say when
 * something is on disk. A put is written down and waits for
 * fake_store_commit; a restart keeps what was committed. */
#ifndef CONCLAVE_FAKE_STORE_H
#define CONCLAVE_FAKE_STORE_H

#include "server/store/store.h"

struct store *fake_store_new(void);
void fake_store_free(struct store *s);
/* How many puts there are, which is the newest ticket. */
uint64_t fake_store_puts(const struct store *s);
/* Everything up to this ticket is on disk; entries' bytes are given back. */
void fake_store_commit(struct store *s, uint64_t ticket);
void fake_store_commit_all(struct store *s);
/* The server was killed: what is not committed is lost. A new run. */
void fake_store_restart(struct store *s);
void fake_store_be_full(struct store *s, bool full);
/* The put after the next n fails with ERR_NOMEM, once. */
void fake_store_fail(struct store *s, unsigned after);
/* Answers the questions (store_read); how many there were. */
size_t fake_store_answer(struct store *s);
/* The puts since the last call, in words; valid until the next call. */
const char *fake_store_story(struct store *s);
/* The newest committed entry of the room; 0: none. */
uint64_t fake_store_head(const struct store *s, uint32_t room);

#endif
