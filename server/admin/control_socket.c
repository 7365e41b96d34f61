/* control_socket.c - opens the control socket, and closes it. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/admin/control.h"
#include "server/net/listener.h"

static int find_group(
    struct control_socket *s, const char *name, const struct logger *log)
{
	const struct group *g = getgrnam(name);

	if (g == NULL) {
		logger_error(log, "control",
		    "there is no group \"%s\" here: make one, or give "
		    "--control-group another",
		    name);
		return ERR_USAGE;
	}
	s->group = g->gr_gid;
	s->has_group = true;
	return 0;
}

/* A directory that the group cannot enter hides the socket from it. */
static void look_at_folder(
    const struct control_socket *s, const char *group, const struct logger *log)
{
	char *folder = strdup(s->path), *slash;
	struct stat st;

	if (folder == NULL)
		return;
	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	if (stat(slash != NULL ? folder : ".", &st) == 0 &&
	    (st.st_mode & S_IXOTH) == 0 &&
	    ((st.st_mode & S_IXGRP) == 0 || st.st_gid != s->group))
		logger_warn(log, "control",
		    "the group %s cannot reach %s: chgrp %s %s && chmod g+x "
		    "%s, or put the socket elsewhere with --control PATH",
		    group, s->path, group, slash != NULL ? folder : ".",
		    slash != NULL ? folder : ".");
	free(folder);
}

static int set_rights(
    const struct control_socket *s, const char *path, const struct logger *log)
{
	if (chmod(path, s->has_group ? 0660 : 0600) == 0 &&
	    (!s->has_group || chown(path, (uid_t)-1, s->group) == 0))
		return 0;
	logger_error(log, "control",
	    s->has_group
		? "cannot give %s to the group of --control-group: %s; start "
		  "as root, or as a member of that group"
		: "cannot set the rights of %s: %s",
	    s->path, strerror(errno));
	return ERR_IO;
}

int control_listen(struct control_socket *s, const char *path,
    const char *group, const struct logger *log)
{
	int err;

	*s = (struct control_socket){.fd = -1};
	if (group != NULL && (err = find_group(s, group, log)) != 0)
		return err;
	if ((s->path = strdup(path)) == NULL) {
		logger_error(log, "control", "%s", err_str(ERR_NOMEM));
		return ERR_NOMEM;
	}
	if ((err = listener_unix(&s->fd, path, log)) == 0 &&
	    (err = set_rights(s, path, log)) != 0)
		(void)unlink(path);
	if (err != 0) {
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
		free(s->path);
		s->path = NULL;
		return err;
	}
	if (group != NULL)
		look_at_folder(s, group, log);
	return 0;
}

void control_close(struct control_socket *s)
{
	if (s->path != NULL && s->fd >= 0)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	*s = (struct control_socket){.fd = -1};
}
