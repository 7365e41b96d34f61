/* memory.h - how much this process holds for its peers: frames that wait, what
 * was read and not used, connections. A gauge of the whole process, for any
 * thread; what to do at the limit is the workers' matter. */
#ifndef CONCLAVED_MEMORY_H
#define CONCLAVED_MEMORY_H

#include <stddef.h>

void memory_more(size_t n);
void memory_less(size_t n);
size_t memory_held(void);

#endif
