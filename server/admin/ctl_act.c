/* ctl_act.c - conclavectl's acts on people: kick, ban, mute, role. */
#include <string.h>

#include "server/admin/ctl_link.h"
#include "server/admin/ctl_show.h"

int ctl_act(struct ctl *c)
{
	bool role = strcmp(c->command, "role") == 0;
	int room = role ? 2 : 1;
	struct buf request;
	struct json_w w;
	int status = EXIT_FAILED;

	buf_init(&request, 4096);
	json_begin(&w, &request);
	json_put_str(&w, "do", c->command);
	json_put_str(&w, "who", c->args[0]);
	if (role)
		json_put_str(&w, "role", c->args[1]);
	if (c->n_args > room)
		json_put_str(&w, "room", c->args[room]);
	if (c->o.seconds > 0)
		json_put_u63(&w, "seconds", c->o.seconds);
	if (c->o.reason != NULL)
		json_put_str(&w, "reason", c->o.reason);
	if (json_end(&w) == 0)
		status = ctl_link_ask(c, &request, false, NULL, NULL);
	else
		errmsg_set(&c->why, 0,
		    "the name, room or reason is too long, or not UTF-8");
	buf_free(&request);
	if (status == EXIT_DONE && c->o.json)
		status = ctl_print(c, "{\"type\":\"done\"}");
	return status;
}
