/* quota.h - the memory that this process holds for its peers, in bytes:
 * queued frames, direct messages that wait, unused input, connections. One gauge for the whole process,
 * usable from any thread. Workers decide what to do at the limit. */
#ifndef CONCLAVED_NET_QUOTA_H
#define CONCLAVED_NET_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

void quota_add(size_t n);
void quota_sub(size_t n);
size_t quota_held(void);
/* Whether n more bytes leave half of the limit free. What waits for somebody who
 * is away must not take what connections need. */
bool quota_fits(size_t n);

/* Calls `crossed` whenever the gauge reaches the limit or falls below it,
 * from the thread that changed it and with that thread's locks held: it must
 * not call back. NULL: no callback. Call it only while no other thread uses
 * the gauge. */
void quota_watch(size_t max, void (*crossed)(void *arg), void *arg);

/* Another limit for quota_watch's callback, while it is in use: calls it. */
void quota_limit(size_t max);

#endif
