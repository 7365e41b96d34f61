/* peer.h - who may use the control socket. */
#ifndef CONCLAVED_ADMIN_PEER_H
#define CONCLAVED_ADMIN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Root, our own user, or, with a group, one whose process is in it. */
struct peer_rights {
	uid_t own;
	gid_t group;
	bool has_group;
};
bool peer_may(const struct peer_rights *r, uid_t uid, gid_t gid,
    const gid_t *groups, size_t n_groups);
/* Asks the kernel who was at the other end when it connected. False: nobody
 * that may ask; *uid is (uid_t)-1 if the kernel does not say. */
bool peer_check(int fd, const struct peer_rights *r, uid_t *uid);

#endif
