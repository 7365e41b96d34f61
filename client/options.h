/* options.h - the client's options, from the command line, the environment and
 * the settings file. The table of all of them is in settings.c. Nothing here
 * asks the user or reads a key. */
#ifndef CONCLAVE_OPTIONS_H
#define CONCLAVE_OPTIONS_H

#include "shared/wire/uri.h"
#include "shared/os/errmsg.h"
#include "shared/os/opts.h"

enum client_options_ui { UI_AUTO, UI_TUI, UI_PLAIN, UI_JSON };
enum client_options_task {
	TASK_CHAT,
	TASK_HELP,
	TASK_VERSION,
	TASK_FORGET_SERVER,  /* server: whom */
	TASK_NEW_PASSPHRASE, /* of identity */
	TASK_WRITE_CONFIG,   /* config_text to config */
};
/* How somebody who looks elsewhere is told that his name was said. */
enum client_options_notify {
	NOTIFY_NONE,
	NOTIFY_BELL,
	NOTIFY_OSC9,
	NOTIFY_OSC777
};

struct client_options {
	enum client_options_task task;
	struct uri server;	      /* with the room and the fingerprint of
					   an invite */
	char name[WIRE_NAME_MAX + 1]; /* "": it has to be asked */
	struct buf password;	      /* secret, NFC; len 0: to be asked */
	char *identity, *known_servers, *known_people; /* owned paths */
	bool known_servers_given;		       /* not the default one */
	unsigned rsa_bits;
	enum client_options_ui ui;
	bool ascii;
	bool no_color;
	bool no_reconnect;
	enum client_options_notify notify;
	bool no_title;
	bool no_sandbox;
	/* No argument was given: what neither the environment nor the file
	 * says is asked, with what is above as the answer of just Enter. */
	bool alone, ask_server, ask_name;
	char *config;		/* owned path of the settings */
	struct buf config_text; /* WRITE_CONFIG: what to put there */
};

/* Reads the settings file, the environment and argv; later ones win. A
 * password is overwritten where it was. 0, or ERR_USAGE or ERR_IO with a
 * sentence; *o is to be freed in any case. */
int client_options_read(struct client_options *o, int argc, char **argv,
    struct errmsg *why) MUST_CHECK;
void client_options_free(struct client_options *o);

/* The i-th option of the command line; NULL after the last. */
const struct opts_row *client_options_row(size_t i);

/* TASK_WRITE_CONFIG: makes o->config. ERR_STATE: there is one; it stays. */
int client_options_write_config(
    const struct client_options *o, struct errmsg *why) MUST_CHECK;

/* Appends the text of --help. */
int client_options_help(struct buf *out) MUST_CHECK;

/* Makes a name of what a system calls its user: characters that names do not
 * have become '_'. False when nothing is left. */
bool client_options_name_from(char out[WIRE_NAME_MAX + 1], const char *user);

#endif
