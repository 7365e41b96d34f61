/* quota.h - the memory that this process holds for its peers, in bytes:
 * queued frames, unused input, connections. One gauge for the whole process,
 * usable from any thread. Workers decide what to do at the limit. */
#ifndef CONCLAVED_NET_QUOTA_H
#define CONCLAVED_NET_QUOTA_H

#include <stddef.h>

void quota_add(size_t n);
void quota_sub(size_t n);
size_t quota_held(void);

/* Calls `crossed` whenever the gauge reaches the limit or falls below it,
 * from the thread that changed it and with that thread's locks held: it must
 * not call back. NULL: no callback. Call it only while no other thread uses
 * the gauge. */
void quota_watch(size_t max, void (*crossed)(void *arg), void *arg);

/* Another limit for quota_watch's callback, while it is in use: calls it. */
void quota_limit(size_t max);

#endif
