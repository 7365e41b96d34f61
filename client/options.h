/* options.h - the client's options, as the rest of the program uses them.
 * settings.h says how each is written, setting_sources.h reads them. */
#ifndef CONCLAVE_OPTIONS_H
#define CONCLAVE_OPTIONS_H

#include "client/session/held_policy.h"
#include "shared/wire/uri.h"
#include "shared/os/errmsg.h"

enum client_options_ui { UI_AUTO, UI_TUI, UI_PLAIN, UI_JSON };
enum client_options_task {
	TASK_CHAT,
	TASK_HELP,
	TASK_VERSION,
	TASK_FORGET_SERVER,  /* forget `server` */
	TASK_NEW_PASSPHRASE, /* for `identity` */
	TASK_WRITE_CONFIG,   /* write config_text to config */
};
/* How to notify a user who looks elsewhere that somebody mentioned their
 * name. */
enum client_options_notify {
	NOTIFY_NONE,
	NOTIFY_BELL,
	NOTIFY_OSC9,
	NOTIFY_OSC777
};

#define TRANSCRIPT_SIZE (UINT64_C(64) << 20)
/* Which password is given. AUTO: that of the user's own account if it had one the
 * last time, else the invite's, else the server's. */
enum client_options_account {
	PASSWORD_AUTO,
	PASSWORD_OWN,
	PASSWORD_GATE,
	PASSWORD_INVITE
};

/* Bounds and default of escape_wait_ms. */
enum {
	ESCAPE_WAIT_MS = 180,
	ESCAPE_WAIT_MIN_MS = 10,
	ESCAPE_WAIT_MAX_MS = 5000
};

struct client_options {
	enum client_options_task task;
	struct uri server;	      /* includes the invite's room and
					 fingerprint */
	char name[WIRE_NAME_MAX + 1]; /* "": ask for it */
	bool name_given;	      /* not by default */
	struct buf password;	      /* secret, NFC; len 0: ask for it */
	enum client_options_account account;
	char *identity, *known_servers, *known_people; /* owned paths */
	char *export_folder;			       /* the same */
	char *save_folder; /* the same: where files from others go */
	char *send_folder; /* the same, or NULL: files are sent from there only */
	char *accept; /* whose files are fetched unasked, or NULL */
	char *transcript; /* the same: where transcripts are */
	bool keeps;	  /* it was given: keep them from the start */
	bool keeps_direct; /* those of direct messages */
	uint64_t transcript_size; /* of a file, in bytes */
	bool known_servers_given;		       /* not by default */
	unsigned rsa_bits;
	enum client_options_ui ui;
	bool ascii;
	bool no_color;
	bool no_reconnect;
	enum client_options_notify notify;
	enum held_policy held;
	bool no_receipts; /* do not tell that direct messages were shown */
	bool no_title;
	unsigned escape_wait_ms; /* for the rest of a key of the terminal */
	bool no_sandbox;
	bool strict;	 /* a fork ends the session */
	char *ca; /* owned: a file, "system" or "none" */
	char *certificate, *tls_key; /* owned paths, or NULL */
	bool require_pq; /* refuse servers without ML-KEM-768 */
	/* No argument was given: ask for whatever neither the environment nor
	 * the file sets; pressing Enter selects the value above. */
	bool alone, ask_server, ask_name;
	char *config;		/* owned path of the settings file */
	struct buf config_text; /* WRITE_CONFIG: its contents */
};

void client_options_free(struct client_options *o);

/* TASK_WRITE_CONFIG: creates o->config. ERR_STATE: it exists, and is kept. */
int client_options_write_config(
    const struct client_options *o, struct errmsg *why) MUST_CHECK;

/* Makes a name from the system's user name: characters not allowed in names
 * become '_'. False if nothing is left. */
bool client_options_name_from(char out[WIRE_NAME_MAX + 1], const char *user);

#endif
