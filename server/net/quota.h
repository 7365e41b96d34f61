/* memory.h - how much this process holds for its peers: frames that wait, what
 * was read and not used, connections. A gauge of the whole process, for any
 * thread; what to do at the limit is the workers' matter. */
#ifndef CONCLAVED_NET_QUOTA_H
#define CONCLAVED_NET_QUOTA_H

#include <stddef.h>

void quota_add(size_t n);
void quota_sub(size_t n);
size_t quota_held(void);

#endif
