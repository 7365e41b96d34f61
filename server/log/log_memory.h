/* log_memory.h - a log that keeps nothing: the order is that of the room's
 * lock, an entry comes back inside log_append, and nothing can be read
 * later. An acknowledged message has been accepted in memory, no more. */
#ifndef CONCLAVED_LOG_MEMORY_H
#define CONCLAVED_LOG_MEMORY_H

#include "server/log/log.h"

struct log *log_memory_new(void); /* NULL: no memory */

#endif
