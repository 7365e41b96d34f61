/* source.h - the target of an epoll entry's pointer: the first member of, or
 * embedded in, the object that handles the event. */
#ifndef CONCLAVED_NET_SOURCE_H
#define CONCLAVED_NET_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct source {
	void (*ready)(struct source *s, uint32_t events /* EPOLLIN, ... */);
	/* One step of the loop may handle it more than once. Set it for an
	 * edge-triggered source: it is reported only once. */
	bool repeats;
};

#endif
