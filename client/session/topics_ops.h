/* topics_ops.h - the topics of a server's sealed rooms (topics.h), from earlier runs
 * of the client and for later ones. */
#ifndef CONCLAVE_SESSION_TOPICS_OPS_H
#define CONCLAVE_SESSION_TOPICS_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire/wire.h"

struct sealed_topic {
	uint8_t log[WIRE_LOG];
	uint64_t offset; /* of its entry there */
	uint32_t number; /* of the secret that opened it */
	char name[WIRE_NAME_MAX + 1]; /* who set it */
	char text[WIRE_SHORT_TEXT_MAX + 1];
};

struct topics_ops {
	/* False: there is none. */
	bool (*get)(void *arg, const char *room, struct sealed_topic *out);
	/* Replaces the one of that room. */
	void (*put)(void *arg, const char *room, const struct sealed_topic *t);
	void *arg;
};

#endif
