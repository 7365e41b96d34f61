/* quota.h - how much memory this process holds for its peers, in bytes: frames
 * that wait, input that is not used yet, connections. One gauge for the whole
 * process, for any thread. What to do at the limit is the workers' business. */
#ifndef CONCLAVED_NET_QUOTA_H
#define CONCLAVED_NET_QUOTA_H

#include <stddef.h>

void quota_add(size_t n);
void quota_sub(size_t n);
size_t quota_held(void);

/* Calls `crossed` whenever the gauge reaches the limit or falls below it, from
 * the thread that moved it and under whatever locks that one holds: it must not
 * call back. NULL: nobody. Only while no other thread uses the gauge. */
void quota_watch(size_t limit, void (*crossed)(void *arg), void *arg);

#endif
