/* room_would.c - says whether somebody may enter a room, before they do. */
#include "server/room/room.h"
#include "server/room/room_int.h"

enum wire_code room_would(
    struct room *r, const struct standing_who *who, bool invited, bool made)
{
	struct standing_rights rights = {.role = ROLE_MEMBER};
	enum wire_code code = CODE_NONE;

	if (r->o.standing != NULL)
		standing_rights(r->o.standing, r->o.id, who,
		    directory_wall(r->o.directory), &rights);
	invited |= rights.known || rights.role >= ROLE_OPERATOR;
	room_lock(r);
	if (r->closed)
		code = CODE_NO_ROOM;
	else if (rights.banned)
		code = CODE_BANNED;
	else if (!invited && !r->settings.listed)
		code = CODE_NO_ROOM;
	else if (!invited && r->settings.invited)
		code = CODE_NOT_INVITED;
	else if (made && room_people(r) >= r->o.users_max)
		code = CODE_FULL;
	room_unlock(r);
	return code;
}
