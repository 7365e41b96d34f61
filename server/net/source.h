/* source.h - what an epoll entry's pointer points to: the first member of, or
 * embedded in, whatever has to act on the event. */
#ifndef CONCLAVED_NET_SOURCE_H
#define CONCLAVED_NET_SOURCE_H

#include <stdint.h>

struct source {
	void (*ready)(struct source *s, uint32_t events /* EPOLLIN, ... */);
};

#endif
