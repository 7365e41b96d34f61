/* administer.h - what an administrator sees of the running server and changes in
 * it: the loop's side of server/admin. In the first worker's thread. */
#ifndef CONCLAVED_LOOP_ADMINISTER_H
#define CONCLAVED_LOOP_ADMINISTER_H

#include "server/admin/control.h"
#include "server/auth/throttle.h"
#include "server/loop/rounds.h"

/* All pointers are borrowed. */
struct administer_opts {
	const struct logger *log;
	struct audit *audit;
	const struct control_socket *socket; /* without one, nobody asks */
	const struct admin_main *main;
	struct worker *const *workers;
	unsigned n_workers;
	struct directory *directory;
	const struct registry *registry;
	struct throttle *throttle, *door;
	size_t people_max, places_max;
	uint64_t memory_max;
};
struct administer;
/* NULL: no memory, or errno. */
struct administer *administer_new(const struct administer_opts *o);
void administer_free(struct administer *a); /* the workers have ended */

/* Gives the workers other limits, each in its own thread. */
void administer_limit(
    struct administer *a, const struct worker_limits *l, size_t people_max);

#endif
