/* ctl_doctor_state.c - checks the state directory and what is in it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "server/admin/ctl_doctor.h"
#include "server/admin/ctl_show.h"
#include "server/auth/record_file.h"
#include "shared/base/secret.h"
#include "shared/crypto/keys.h"
#include "shared/crypto/pem.h"
#include "shared/os/file.h"

enum {
	FREE_LITTLE = 64, /* MiB on the disk */
	FREE_NONE = 4,
	AHEAD_S = 300, /* a file that is newer than now by more */
	PEM_MAX = 16 << 10,
};

/* "chmod 600 PATH" */
static void cure_of(char *out, size_t size, const char *what, const char *path)
{
	snprintf(out, size, "%s %.900s", what, path);
}

/* A private file: its kind, owner, rights and time. False: it is missing, or no
 * file. */
static bool look_at_file(
    struct doctor *d, const char *path, uid_t owner, bool *whole)
{
	struct stat st;
	char cure[1024];

	*whole = false;
	if (lstat(path, &st) != 0) {
		if (errno != ENOENT)
			doctor_find(d, DOCTOR_WARN, "state",
			    "run conclavectl as root or the server's user",
			    "cannot look at %s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		doctor_find(d, DOCTOR_FAULT, "state",
		    "move it away, and put the file itself there",
		    "%s is no regular file", path);
		return false;
	}
	*whole = true;
	if ((st.st_mode & 077) != 0) {
		cure_of(cure, sizeof(cure), "chmod 600", path);
		doctor_find(d, DOCTOR_FAULT, "state", cure,
		    "others can read or change %s (mode %o)", path,
		    (unsigned)st.st_mode & 0777);
		*whole = false;
	}
	if (st.st_uid != owner && st.st_uid != 0) {
		snprintf(cure, sizeof(cure), "chown %u %.900s", (unsigned)owner,
		    path);
		doctor_find(d, DOCTOR_FAULT, "state", cure,
		    "%s belongs to user %u, and its directory to %u", path,
		    (unsigned)st.st_uid, (unsigned)owner);
		*whole = false;
	}
	if (st.st_mtime > time(NULL) + AHEAD_S)
		doctor_find(d, DOCTOR_WARN, "clock",
		    "set the clock; if it is right, touch the file",
		    "%s was written in the future: the clock was set back",
		    path);
	return true;
}

static void look_at_identity(struct doctor *d, const char *path)
{
	struct identity *id = NULL;
	struct errmsg why;
	struct buf pem;

	buf_init_secret(&pem, PEM_MAX);
	if (file_read(path, FILE_NO_LINK, &pem, &why) != 0)
		doctor_find(d, DOCTOR_FAULT, "state",
		    "run conclavectl as root or the server's user", "%s",
		    why.text);
	else if (identity_from_pem(&id, pem.p, pem.len, NULL) != 0)
		doctor_find(d, DOCTOR_FAULT, "state",
		    "put the right file back from a copy: clients do not trust "
		    "a server with a new key",
		    "%s holds no Ed25519 key: %s", path,
		    pem_wrong(pem.p, pem.len));
	else
		doctor_find(d, DOCTOR_OK, "state", NULL,
		    "%s is the server's identity; keep a copy of it", path);
	identity_free(id);
	buf_free(&pem);
}

static void look_at_record(struct doctor *d, const char *path)
{
	struct record_file *f = secret_alloc(sizeof(*f));
	struct errmsg why;

	if (f == NULL)
		return;
	if (record_file_read(f, path, &why) != 0)
		doctor_find(d, DOCTOR_FAULT, "record",
		    "make it again with conclaved --make-record", "%s",
		    why.text);
	else
		doctor_find(d, DOCTOR_OK, "record", NULL,
		    "%s holds the record of a password", path);
	secret_free(f, sizeof(*f));
}

static void look_at_files(struct doctor *d, uid_t owner)
{
	static const char *const names[] = {"identity.pem", "ticket.key",
	    "audit.log", "audit.log.1", "record", "state.key", "conclave.db",
	    "conclave.db-wal"};
	char path[1200], cure[1300];
	struct stat st;
	bool whole;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%.1000s/%s", d->state, names[i]);
		if (!look_at_file(d, path, owner, &whole)) {
			if (i == 0)
				doctor_find(d,
				    d->running ? DOCTOR_FAULT : DOCTOR_OK,
				    "state",
				    d->running ? "put it back from a "
						 "copy"
					       : NULL,
				    "there is no %s yet: the first start makes "
				    "it",
				    path);
			continue;
		}
		if (i == 0 && whole)
			look_at_identity(d, path);
		if (i == 1 && stat(path, &st) == 0 && st.st_size != WIRE_KEY) {
			cure_of(cure, sizeof(cure), "rm", path);
			doctor_find(d, DOCTOR_FAULT, "state", cure,
			    "%s does not have %d bytes", path, WIRE_KEY);
		}
		if (i == 5 && stat(path, &st) == 0 && st.st_size != WIRE_KEY)
			doctor_find(d, DOCTOR_FAULT, "state",
			    "put the right one back from a copy",
			    "%s does not have %d bytes", path, WIRE_KEY);
		if (i == 4 && whole && d->record == NULL)
			look_at_record(d, path);
	}
}

/* Of a running server, it says itself how it is; it checks the whole of it at
 * each start. */
static void look_at_database(struct doctor *d)
{
	char path[1200], size[32];
	struct stat st;

	snprintf(path, sizeof(path), "%.1000s/conclave.db", d->state);
	if (d->running && d->stuck != NULL)
		doctor_find(d, DOCTOR_FAULT, "database",
		    "make room on the disk, or mend it: the server goes on by "
		    "itself",
		    "nothing can be written (%s): rooms with a history wait",
		    d->stuck);
	else if (d->running && !d->database)
		doctor_find(d, DOCTOR_WARN, "database",
		    "let the server's user write into the state directory, "
		    "and restart it",
		    "the server keeps no rooms, rights and histories");
	else if (stat(path, &st) == 0) {
		ctl_bytes(size, sizeof(size), (uint64_t)st.st_size);
		doctor_find(d, DOCTOR_OK, "database", NULL, "%s has %s%s", path,
		    size, d->running ? ", and is written" : "");
	}
}

static void look_at_disk(struct doctor *d)
{
	struct statvfs v;
	uint64_t mib;

	if (statvfs(d->state, &v) != 0)
		return;
	mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	if (mib < FREE_LITTLE || (v.f_files > 0 && v.f_favail < 16))
		doctor_find(d, mib < FREE_NONE ? DOCTOR_FAULT : DOCTOR_WARN,
		    "disk", "make room on that disk",
		    "%s has %" PRIu64 " MiB and %" PRIu64 " files left",
		    d->state, mib, (uint64_t)v.f_favail);
	else
		doctor_find(d, DOCTOR_OK, "disk", NULL,
		    "%" PRIu64 " MiB are free for %s", mib, d->state);
	if ((v.f_flag & ST_RDONLY) != 0)
		doctor_find(d, DOCTOR_WARN, "disk", "mount it read-write",
		    "%s is read-only: the audit log stays in memory", d->state);
}

/* The directory itself. */
static bool look_at_folder(struct doctor *d, struct stat *st)
{
	char cure[1200];

	if (stat(d->state, st) != 0) {
		if (errno == ENOENT)
			doctor_find(d, DOCTOR_OK, "state", NULL,
			    "there is no %s yet: the first start makes it",
			    d->state);
		else
			doctor_find(d, DOCTOR_FAULT, "state",
			    "run conclavectl as root or the server's user",
			    "cannot look at %s: %s", d->state, strerror(errno));
		return false;
	}
	if (!S_ISDIR(st->st_mode)) {
		doctor_find(d, DOCTOR_FAULT, "state",
		    "name a directory with -s DIR", "%s is no directory",
		    d->state);
		return false;
	}
	if ((st->st_mode & 022) != 0) {
		cure_of(cure, sizeof(cure), "chmod 700", d->state);
		doctor_find(d, DOCTOR_FAULT, "state", cure,
		    "others may write to %s (mode %o): they could replace the "
		    "server's key",
		    d->state, (unsigned)st->st_mode & 0777);
	}
	if (st->st_uid != 0 && d->uid_known && st->st_uid != d->uid &&
	    st->st_uid != geteuid()) {
		snprintf(cure, sizeof(cure), "chown -R %u %.1000s",
		    (unsigned)d->uid, d->state);
		doctor_find(d, DOCTOR_FAULT, "state", cure,
		    "%s belongs to user %u, and the server is user %u",
		    d->state, (unsigned)st->st_uid, (unsigned)d->uid);
	}
	return true;
}

void doctor_state(struct doctor *d)
{
	struct stat st;

	if (d->state == NULL)
		doctor_find(d, DOCTOR_WARN, "state",
		    "start without --ephemeral",
		    "the server keeps nothing: with each start it is another "
		    "server to its clients");
	else if (look_at_folder(d, &st)) {
		look_at_files(d, st.st_uid);
		look_at_database(d);
		look_at_disk(d);
	}
	if (d->record != NULL)
		look_at_record(d, d->record);
}
