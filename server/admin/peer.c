/* peer.c - who may use the control socket. */
#include "server/admin/peer.h"

#include <sys/socket.h>

enum { GROUPS = 256 }; /* of a process, that are looked at */

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

bool peer_may(const struct peer_rights *r, uid_t uid, gid_t gid,
    const gid_t *groups, size_t n_groups)
{
	size_t i;

	if (uid == (uid_t)-1)
		return false;
	if (uid == 0 || uid == r->own)
		return true;
	if (!r->has_group)
		return false;
	for (i = 0; i < n_groups; i++)
		if (groups[i] == r->group)
			return true;
	return gid == r->group;
}

bool peer_check(int fd, const struct peer_rights *r, uid_t *uid)
{
	struct ucred who = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	gid_t groups[GROUPS];
	socklen_t n = sizeof(who), n_groups = sizeof(groups);

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 ||
	    n != sizeof(who))
		return false;
	*uid = who.uid;
	/* With more groups than that, or an older kernel, only the first one
	 * counts. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n_groups) != 0)
		n_groups = 0;
	return peer_may(
	    r, who.uid, who.gid, groups, n_groups / sizeof(groups[0]));
}
